"""A reader that begins to splice, or to ask FIONREAD, after some plain reads.

server PORT HOW          echoes a byte at a time; from the 20th turn on it reads by HOW ("splice" or "count"), first once while nothing can be there
client HOST PORT TURNS   takes so many turns, prints "served", and stays
"""
import fcntl
import os
import struct
import sys
import time

from wire import accept, connect, listen, receive, wait_readable

FIONREAD = 0x541B
PLAIN_TURNS = 19


def serve(port, how):
    sock = accept(listen(port))
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)

    def plain():
        return sock.recv(1)

    def splice():
        try:
            os.splice(sock.fileno(), write_end, 1)
        except BlockingIOError:
            return b""
        return os.read(read_end, 1)

    def count():
        unread = struct.unpack("i", fcntl.ioctl(sock, FIONREAD, b"0000"))[0]
        return sock.recv(unread) if unread else b""

    late = {"splice": splice, "count": count}[how]

    def turn(read, then=None):
        wait_readable(sock)
        data = read()
        if then:
            then()
        if data:
            sock.send(data)

    for _ in range(PLAIN_TURNS):
        turn(plain)
    turn(plain, then=late)
    while True:
        turn(late)


def talk(host, port, turns):
    sock = connect(host, port)
    for _ in range(turns):
        sock.send(b"x")
        assert receive(sock, 1) == b"x"
    print("served")
    time.sleep(60)


if sys.argv[1] == "server":
    serve(int(sys.argv[2]), sys.argv[3])
else:
    talk(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
