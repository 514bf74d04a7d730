"""Sockets for the programs of the tests. Where nothing else is said they poll: blocking sockets stay on TCP."""
import select
import socket


def listen(port, level=None, option=None, value=None):
    """Listens on all IPv4 addresses, with one socket option if it is given, and prints "ready"."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if level is not None:
        listener.setsockopt(level, option, value)
    listener.bind(("0.0.0.0", port))
    listener.listen(64)
    print("ready")
    return listener


def accept(listener):
    sock, _ = listener.accept()
    sock.setblocking(False)
    return sock


def connect(host, port):
    """Returns a connected socket that never blocked."""
    sock = socket.socket()
    sock.setblocking(False)
    sock.connect_ex((host, port))
    wait_writable(sock)
    return sock


def wait_readable(sock, seconds=None, trouble="nothing to read"):
    assert select.select([sock], [], [], seconds)[0], trouble


def wait_writable(sock, seconds=None, trouble="no room to write"):
    assert select.select([], [sock], [], seconds)[1], trouble


def receive(sock, most, seconds=None):
    """Waits for bytes, and reads at most so many."""
    wait_readable(sock, seconds)
    return sock.recv(most)


def receive_exactly(sock, count, most):
    """Reads `count` bytes, at most `most` at once."""
    data = b""
    while len(data) < count:
        part = receive(sock, most)
        assert part, "the peer has closed"
        data += part
    return data


def send_all(sock, data):
    while data:
        wait_writable(sock)
        data = data[sock.send(data):]
