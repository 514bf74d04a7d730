"""A server that sends back each message with its checksum, and a client that compares; on asyncio's streams.

asyncio_echo.py serve <port>
asyncio_echo.py talk <host> <port> <connections> <messages>   prints {right, wrong, errors}

A message is its length in four bytes and that many bytes; an answer is the checksum in 32 bytes and the message.
"""

import asyncio
import hashlib
import json
import os
import random
import sys

LARGEST = 256 << 10
SOURCE = os.urandom(2 * LARGEST)


def digest(message):
    return hashlib.sha256(message).digest()


async def answer(reader, writer):
    try:
        while True:
            length = int.from_bytes(await reader.readexactly(4), "big")
            message = await reader.readexactly(length)
            writer.write(digest(message) + message)
            await writer.drain()
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
    finally:
        writer.close()


async def serve(port):
    async with await asyncio.start_server(answer, None, port) as server:
        await server.serve_forever()


def message():
    """Draws a body; small bodies are as likely as large ones."""
    length = max(1, int(LARGEST ** random.random()))
    start = random.randrange(LARGEST)
    return SOURCE[start : start + length]


async def converse(host, port, messages, outcome):
    reader, writer = await asyncio.open_connection(host, port)
    for _ in range(messages):
        sent = message()
        writer.write(len(sent).to_bytes(4, "big") + sent)
        await writer.drain()
        got = await reader.readexactly(32 + len(sent))
        outcome["right" if got == digest(sent) + sent else "wrong"] += 1
    writer.close()
    await writer.wait_closed()


async def talk(host, port, connections, messages):
    outcome = {"right": 0, "wrong": 0, "errors": []}
    shares = [messages // connections + (n < messages % connections) for n in range(connections)]
    ends = await asyncio.gather(*(converse(host, port, share, outcome) for share in shares), return_exceptions=True)
    outcome["errors"] = [repr(end) for end in ends if end is not None]
    print(json.dumps(outcome))


if sys.argv[1] == "serve":
    asyncio.run(serve(int(sys.argv[2])))
else:
    asyncio.run(talk(sys.argv[2], *map(int, sys.argv[3:])))
