"""Small turns, and now and then a long body that the server reads in a way of its own.

server PORT HOW BODY     answers each byte with one; behind a "b" comes a body, which it reads by HOW ("plain" or "splice") after a short absence
client HOST PORT BODY    takes turns; for each line of its input, sends a body and prints "served"
"""
import os
import select
import sys
import time

from wire import accept, connect, listen, receive, send_all, wait_readable

SECONDS = 10


def serve(port, how, body):
    sock = accept(listen(port))
    read_end, write_end = os.pipe()

    def plain():
        return len(sock.recv(1 << 16))

    def splice():
        count = os.splice(sock.fileno(), write_end, 1 << 16)
        os.read(read_end, count)
        return count

    read = {"plain": plain, "splice": splice}[how]
    while kind := receive(sock, 1, SECONDS):
        if kind == b"b":
            sock.send(b"k")
            time.sleep(0.05)
            left = body
            while left:
                wait_readable(sock, SECONDS)
                left -= read()
        sock.send(b"k")


def talk(host, port, body):
    sock = connect(host, port)

    def await_answer():
        assert receive(sock, 1, SECONDS) == b"k"

    while True:
        if select.select([sys.stdin], [], [], 0.002)[0]:
            if not sys.stdin.readline():
                return
            sock.send(b"b")
            await_answer()
            send_all(sock, b"x" * body)
            await_answer()
            print("served")
        try:
            sock.send(b"x")
            await_answer()
        except ConnectionError:
            return


if sys.argv[1] == "server":
    serve(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
else:
    talk(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
