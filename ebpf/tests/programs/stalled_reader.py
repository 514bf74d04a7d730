"""A reader that takes some turns, stalls for a second and a half, catches up, and then takes turns again.

server PORT TOTAL TURN              prints "reading" when it begins, and how many bytes came with their SHA-256
client HOST PORT TOTAL TURN TURNS   sends TOTAL bytes as fast as it can, then TURNS messages of TURN bytes in turns; prints how many bytes it could
                                    send in the first second, and how many it has sent with their SHA-256
"""
import hashlib
import random
import select
import socket
import sys
import time

from wire import accept, connect, listen, receive, send_all

DATA = random.Random(7).randbytes(1 << 20)
CHUNK = 32768
# sixteen of the first 86 messages go over TCP
FIRST_TURNS = 96


def serve(port, total, turn):
    sock = accept(listen(port))
    for _ in range(FIRST_TURNS):
        receive(sock, 1)
        sock.send(b"f")
    time.sleep(1.5)
    print("reading")
    digest = hashlib.sha256()
    received = 0
    while data := receive(sock, 1 << 20):
        digest.update(data)
        received += len(data)
        if received >= total and (received - total) % turn == 0:
            sock.send(b"k")
    print(received, digest.hexdigest())


def send_some(sock, data):
    """Returns how many bytes the kernel has taken; 0 where there is no room for a second."""
    select.select([], [sock], [], 1)
    try:
        return sock.send(data)
    except BlockingIOError:
        return 0


def talk(host, port, total, turn, turns):
    sock = connect(host, port)
    for _ in range(FIRST_TURNS):
        sock.send(b"f")
        receive(sock, 1)
    digest = hashlib.sha256()
    sent = 0
    sent_in_first_second = 0
    began = time.time()
    while sent < total:
        offset = sent % len(DATA)
        count = send_some(sock, DATA[offset:offset + CHUNK])
        digest.update(DATA[offset:offset + count])
        sent += count
        if time.time() - began < 1:
            sent_in_first_second = sent
    print(sent_in_first_second)
    receive(sock, 1)
    for _ in range(turns):
        time.sleep(0.005)
        message = DATA[:turn]
        digest.update(message)
        sent += len(message)
        send_all(sock, message)
        receive(sock, 1)
    sock.shutdown(socket.SHUT_WR)
    print(sent, digest.hexdigest())
    time.sleep(1)


if sys.argv[1] == "server":
    serve(*map(int, sys.argv[2:]))
else:
    talk(sys.argv[2], *map(int, sys.argv[3:]))
