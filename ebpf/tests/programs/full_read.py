"""A reader that asks FIONREAD whether there is more when a read has filled its buffer, as nginx does.

server PORT         edge-triggered; an "e" ends a request and is answered; a "b" keeps the server busy for three seconds
client HOST PORT    takes small turns until a line comes on its input. Then it keeps the server busy, and after three seconds, when the first of them
                    goes over TCP, sends many requests at once. Prints "served" when all are answered
"""
import array
import fcntl
import select
import socket
import sys
import termios
import time

from wire import accept, listen, receive

BUFFER = 1024
REQUEST = b"x" * 199 + b"e"
BURST = 21


def serve(port):
    sock = accept(listen(port))
    poll = select.epoll()
    poll.register(sock, select.EPOLLIN | select.EPOLLET)

    def unread():
        answer = array.array("i", [0])
        fcntl.ioctl(sock, termios.FIONREAD, answer)
        return answer[0]

    while True:
        assert poll.poll(20)
        data = part = sock.recv(BUFFER)
        if b"b" in data:
            time.sleep(3.1)
        while len(part) == BUFFER and unread():
            part = sock.recv(BUFFER)
            data += part
        if not data:
            return
        for _ in range(data.count(b"e")):
            sock.send(b"k")


def talk(host, port):
    sock = socket.create_connection((host, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setblocking(False)

    def await_answers(count):
        while count:
            count -= len(receive(sock, count, 3))

    while not select.select([sys.stdin], [], [], 0.002)[0]:
        sock.send(REQUEST)
        await_answers(1)
    sock.send(b"b" + REQUEST[1:])
    time.sleep(3)
    for _ in range(BURST):
        sock.send(REQUEST)
    await_answers(1 + BURST)
    print("served")


if sys.argv[1] == "server":
    serve(int(sys.argv[2]))
else:
    talk(sys.argv[2], int(sys.argv[3]))
