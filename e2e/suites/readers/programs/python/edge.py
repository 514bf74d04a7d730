# A server on edge-triggered epoll alone. It trusts the answer to question 9 of epoll(7): a read that did not fill the buffer has emptied
# the socket.   python3 edge.py PORT
import select
import socket
import sys

from frames import Frames

BUFFER = 32768
poll = select.epoll()
connections = {}


class Connection:
    def __init__(self, accepted):
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket, self.frames, self.answers = accepted, Frames(), bytearray()
        poll.register(accepted, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)

    def ready(self, events):
        if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR) and not self.receive():
            return False
        return self.send()

    def receive(self):
        while True:
            try:
                data = self.socket.recv(BUFFER)
            except BlockingIOError:
                return True
            for answer in self.frames.take(data):
                self.answers += answer
                self.send()
            if len(data) < BUFFER:
                return bool(data)

    def send(self):
        try:
            while self.answers:
                del self.answers[:self.socket.send(self.answers)]
        except BlockingIOError:
            pass
        return True


listener = socket.create_server(('', int(sys.argv[1])))
poll.register(listener, select.EPOLLIN)
while True:
    for fd, events in poll.poll():
        if fd == listener.fileno():
            accepted, _ = listener.accept()
            connections[accepted.fileno()] = Connection(accepted)
            continue
        try:
            alive = connections[fd].ready(events)
        except OSError:
            alive = False
        if not alive:
            connections.pop(fd).socket.close()
