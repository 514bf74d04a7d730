# A server that accepts and never reads: what a reader that has lost its wake-up looks like from outside.   python3 deaf.py PORT
import socket
import sys

listener = socket.create_server(('', int(sys.argv[1])))
accepted = []
while True:
    accepted.append(listener.accept())
