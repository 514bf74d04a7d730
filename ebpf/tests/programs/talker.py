"""One connection that talks in a given shape, for ever.

server PORT          prints "ready"; then, for each line of its input, when bytes last arrived (seconds of the monotonic clock)
client HOST PORT SHAPE   SHAPE: "turns BYTES", "pipelined BYTES", "oneway BYTES" or "idle BYTES"
"""
import select
import socket
import sys
import time

PAUSE = 0.02
TURNS = 50
OUTSTANDING = 24


def wait(sock, events, timeout=None):
    poll = select.poll()
    poll.register(sock, events)
    return poll.poll(None if timeout is None else timeout * 1000)


def send_all(sock, data):
    view = memoryview(data)
    while view:
        wait(sock, select.POLLOUT)
        view = view[sock.send(view):]


def receive(sock, count):
    while count:
        wait(sock, select.POLLIN)
        count -= len(sock.recv(min(count, 65536)))


def serve(port):
    listener = socket.create_server(("0.0.0.0", port))
    print("ready")
    sock, _ = listener.accept()
    sock.setblocking(False)
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    poll.register(sys.stdin, select.POLLIN)
    last = 0.0
    answers = True
    while True:
        for fd, _ in poll.poll():
            if fd == sys.stdin.fileno():
                sys.stdin.readline()
                print(last)
                continue
            data = sock.recv(4096)
            if not data:
                return
            last = time.monotonic()
            answers = answers and data[:1] != b"o"
            if answers:
                send_all(sock, data)


def talk(host, port, shape, size):
    sock = socket.socket()
    sock.setblocking(False)  # before it connects: blocking sockets stay on TCP
    sock.connect_ex((host, port))
    message = (b"o" if shape == "oneway" else b"x") * size
    count = 0
    while True:
        send_all(sock, message)
        if shape != "oneway":
            receive(sock, size)
        count += 1
        if shape == "pipelined" and count == TURNS:
            for _ in range(OUTSTANDING):
                send_all(sock, message)
        if shape != "pipelined" or count < TURNS:
            time.sleep(PAUSE)
        if shape == "idle" and count % TURNS == 0:
            time.sleep(1.5)


if sys.argv[1] == "server":
    serve(int(sys.argv[2]))
else:
    talk(sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
