# A server that accepts and never reads: to its client it looks like a reader that has lost a wake-up.   python3 deaf.py PORT
import socket
import sys

listener = socket.create_server(('', int(sys.argv[1])))
accepted = []
while True:
    accepted.append(listener.accept())
