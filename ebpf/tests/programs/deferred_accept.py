"""300 connections to a listener with TCP_DEFER_ACCEPT. On each, the client sends 30 messages of one byte.

server PORT         prints on how many connections the bytes came in another order, or other bytes came
client HOST PORT    prints "done"
"""
import socket
import sys

from wire import accept, connect, listen, receive, receive_exactly

CONNECTIONS = 300
BYTES = bytes(range(30))


def serve(port):
    listener = listen(port, socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
    wrong = 0
    for _ in range(CONNECTIONS):
        sock = accept(listener)
        wrong += receive_exactly(sock, len(BYTES), 100) != BYTES
        sock.close()
    print(wrong)


def talk(host, port):
    for _ in range(CONNECTIONS):
        sock = connect(host, port)
        for byte in BYTES:
            sock.send(bytes([byte]))
        receive(sock, 1)
        sock.close()
    print("done")


if sys.argv[1] == "server":
    serve(int(sys.argv[2]))
else:
    talk(sys.argv[2], int(sys.argv[3]))
