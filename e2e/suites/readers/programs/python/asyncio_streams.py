# A server on asyncio's streams: level-triggered, non-blocking.   python3 asyncio_streams.py PORT
import asyncio
import sys

from frames import Frames


async def serve(reader, writer):
    frames = Frames()
    while data := await reader.read(32768):
        for answer in frames.take(data):
            writer.write(answer)
            await writer.drain()


async def main():
    server = await asyncio.start_server(serve, '', int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
