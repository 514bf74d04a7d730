"""Connects from one source port to port 9999 of two addresses, takes turns on both connections, prints "ok", and holds both.

ADDRESS ADDRESS
"""
import socket
import sys
import time

from wire import receive, wait_writable

SOURCE_PORT = 45678
MESSAGE = b"x" * 100


def connect_from_port(address):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("0.0.0.0", SOURCE_PORT))
    sock.setblocking(False)
    sock.connect_ex((address, 9999))
    wait_writable(sock, 5)
    return sock


held = [connect_from_port(address) for address in sys.argv[1:]]
for sock in held:
    for _ in range(20):
        sock.send(MESSAGE)
        assert len(receive(sock, 999, 5)) == len(MESSAGE)
print("ok")
time.sleep(9)
