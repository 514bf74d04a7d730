"""One message over Multipath TCP.

server PORT         prints "ready", and then the message
client HOST PORT    prints "sent"
"""
import socket
import sys
import time

IPPROTO_MPTCP = 262


def serve(port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    listener.bind(("0.0.0.0", port))
    listener.listen()
    print("ready")
    sock, _ = listener.accept()
    sock.setblocking(False)
    time.sleep(0.3)
    print(sock.recv(99))


def talk(host, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    sock.connect((host, port))
    sock.send(b"hello")
    print("sent")
    time.sleep(1)


if sys.argv[1] == "server":
    serve(int(sys.argv[2]))
else:
    talk(sys.argv[2], int(sys.argv[3]))
