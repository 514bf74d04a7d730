"""Two connections, one after the other, to a server that reads with blocking sockets.

server PORT         echoes what it reads; prints "end" after the second connection
client HOST PORT    50 turns on each connection; prints "ok" after them, and stays for a second
"""
import sys
import time

from wire import connect, listen, receive_exactly

CONNECTIONS = 2
TURNS = 50
MESSAGE = b"x" * 1000


def serve(port):
    listener = listen(port)
    for _ in range(CONNECTIONS):
        sock, _ = listener.accept()  # blocks
        while data := sock.recv(65536):
            sock.sendall(data)
    print("end")


def talk(host, port):
    for _ in range(CONNECTIONS):
        sock = connect(host, port)
        for _ in range(TURNS):
            sock.send(MESSAGE)
            receive_exactly(sock, len(MESSAGE), 65536)
        print("ok")
        time.sleep(1)
        sock.close()


if sys.argv[1] == "server":
    serve(int(sys.argv[2]))
else:
    talk(sys.argv[2], int(sys.argv[3]))
