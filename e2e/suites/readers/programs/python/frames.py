# A server of the protocol of client/protocols/frames.js: takes bytes as they come, and yields an answer for each complete request.
import struct
import time
import zlib

TABLE = bytes((i * 31 + (i >> 8) * 7) & 255 for i in range(1 << 16))


class Frames:
    def __init__(self):
        self.head = b''
        self.left = self.down = self.crc = 0

    def take(self, data):
        view = memoryview(data)
        while view:
            if len(self.head) < 12:
                more = bytes(view[:12 - len(self.head)])
                self.head += more
                view = view[len(more):]
                if len(self.head) < 12:
                    return
                self.begin()
            body, view = view[:self.left], view[self.left:]
            self.crc = zlib.crc32(body, self.crc)
            self.left -= len(body)
            if self.left > 0:
                return
            self.head = b''
            yield struct.pack('!I', self.crc) + (TABLE * (self.down // len(TABLE) + 1))[:self.down]

    def begin(self):
        """Begins a request. While it is busy, nothing on its thread reads."""
        self.left, self.down, busy_ms = struct.unpack('!III', self.head)
        self.crc = 0
        if busy_ms:
            time.sleep(busy_ms / 1000)
