"""A connection that takes turns, then streams one way, then takes turns again. Both sides check every byte.

server PORT         answers turns with what it got; reads a stream, prints its length at its end, and answers the end
client HOST PORT    prints "turned" after twenty turns, and the length of the stream when its end was answered
"""
import select
import socket
import sys
import time

from wire import accept, connect, listen, receive, receive_exactly

STREAM_BYTES = 2_000_000
STREAM_SECONDS = 20
PIECE = b"S" * 64
END = b"E"
ANSWER = b"K"


def serve(port):
    sock = accept(listen(port))
    streamed = 0
    while data := receive(sock, 1 << 20, 30):
        if data[:1] not in (PIECE[:1], END):
            sock.send(data)
            continue
        streamed += len(data)
        assert not data.strip(PIECE[:1] + END)
        if data[-1:] == END:
            print(streamed)
            sock.send(ANSWER)


def turn(sock, number):
    message = bytes([number % 251]) * 100
    sock.send(message)
    assert receive_exactly(sock, len(message), 999) == message


def send_some(sock, data):
    """Returns how many bytes the kernel has taken; 0 where there is no room for five seconds."""
    select.select([], [sock], [], 5)
    try:
        return sock.send(data)
    except BlockingIOError:
        return 0


def stream(sock):
    sent = 0
    until = time.time() + STREAM_SECONDS
    while sent < STREAM_BYTES and time.time() < until:
        sent += send_some(sock, PIECE)
    while not send_some(sock, END):
        pass
    return sent + len(END)


def talk(host, port):
    sock = connect(host, port)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for number in range(20):
        turn(sock, number)
    print("turned")
    sent = stream(sock)
    assert receive(sock, 9, 10) == ANSWER
    print(sent)
    while True:
        turn(sock, 7)
        time.sleep(0.01)


if sys.argv[1] == "server":
    serve(int(sys.argv[2]))
else:
    talk(sys.argv[2], int(sys.argv[3]))
