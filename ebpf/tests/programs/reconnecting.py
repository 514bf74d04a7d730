"""One socket that connects twenty times. In between, connect(2) with AF_UNSPEC ends the connection and keeps the socket.

server PORT         echoes; a disconnect arrives as a reset
client HOST PORT    takes twenty turns on each connection; prints "ok"
"""
import ctypes
import socket
import sys

from wire import accept, listen, receive, receive_exactly

CONNECTIONS = 20
TURNS = 20
AF_UNSPEC = bytes(16)  # struct sockaddr_in


def echo(sock):
    while True:
        try:
            data = receive(sock, 9999)
        except ConnectionResetError:
            return
        sock.send(data)


def serve(port):
    listener = listen(port)
    while True:
        sock = accept(listener)
        echo(sock)
        sock.close()


def talk(host, port):
    libc = ctypes.CDLL(None)
    sock = socket.socket()
    for connection in range(CONNECTIONS):
        sock.setblocking(True)
        sock.connect((host, port))
        sock.setblocking(False)
        for turn in range(TURNS):
            message = bytes([connection, turn]) * 50
            sock.send(message)
            assert receive_exactly(sock, len(message), 999) == message
        assert libc.connect(sock.fileno(), AF_UNSPEC, len(AF_UNSPEC)) == 0
    print("ok")


if sys.argv[1] == "server":
    serve(int(sys.argv[2]))
else:
    talk(sys.argv[2], int(sys.argv[3]))
