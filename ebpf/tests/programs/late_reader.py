"""A server that accepts late and reads late. The client says when, by connections to the next port.

server PORT         prints whether all bytes came in order
client HOST PORT    sends 20 messages before the server accepts, and 20 messages before it reads; prints "sent"
"""
import socket
import sys
import time

from wire import accept, connect, listen, receive, receive_exactly

MESSAGES = [bytes([number]) * 100 for number in range(40)]
BEFORE_ACCEPT = 20


def serve(port):
    signal = socket.create_server(("0.0.0.0", port + 1))
    listener = listen(port)
    signal.accept()
    sock = accept(listener)
    sock.send(b"a")
    signal.accept()
    expected = b"".join(MESSAGES)
    print(receive_exactly(sock, len(expected), 1500) == expected)


def talk(host, port):
    sock = connect(host, port)
    for message in MESSAGES[:BEFORE_ACCEPT]:
        sock.send(message)
    socket.create_connection((host, port + 1))  # accept now
    receive(sock, 1)
    for message in MESSAGES[BEFORE_ACCEPT:]:
        sock.send(message)
    socket.create_connection((host, port + 1))  # read now
    print("sent")
    time.sleep(1)


if sys.argv[1] == "server":
    serve(int(sys.argv[2]))
else:
    talk(sys.argv[2], int(sys.argv[3]))
