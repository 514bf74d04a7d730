# A server with a thread for each connection, on ordinary blocking sockets.   python3 blocking.py PORT
import socket
import sys
import threading

from frames import Frames


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    frames = Frames()
    while data := connection.recv(32768):
        for answer in frames.take(data):
            connection.sendall(answer)


listener = socket.create_server(('', int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
