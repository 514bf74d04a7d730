import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.zip.CRC32;

/** A server of the protocol of client/protocols/frames.js: takes bytes as they come, and gives an answer for each complete request. */
final class Frames {
    private static final byte[] TABLE = new byte[1 << 16];

    static {
        for (int i = 0; i < TABLE.length; i++) TABLE[i] = (byte) (i * 31 + (i >> 8) * 7);
    }

    private final ByteBuffer head = ByteBuffer.allocate(12);
    private final CRC32 sum = new CRC32();
    private long left;
    private int down;

    void take(ByteBuffer bytes, Consumer<ByteBuffer> answer) {
        while (bytes.hasRemaining()) {
            while (head.hasRemaining() && bytes.hasRemaining()) {
                head.put(bytes.get());
                if (!head.hasRemaining()) begin();
            }
            if (head.hasRemaining()) return;
            ByteBuffer body = bytes.slice();
            body.limit((int) Math.min(left, body.remaining()));
            bytes.position(bytes.position() + body.remaining());
            left -= body.remaining();
            sum.update(body);
            if (left > 0) return;
            head.clear();
            answer.accept(answered());
        }
    }

    /** Begins a request. While it is busy, nothing on its thread reads. */
    private void begin() {
        left = Integer.toUnsignedLong(head.getInt(0));
        down = head.getInt(4);
        sum.reset();
        try {
            if (head.getInt(8) > 0) Thread.sleep(head.getInt(8));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private ByteBuffer answered() {
        ByteBuffer bytes = ByteBuffer.allocate(4 + down);
        bytes.putInt((int) sum.getValue());
        while (bytes.hasRemaining()) bytes.put(TABLE, 0, Math.min(TABLE.length, bytes.remaining()));
        return bytes.flip();
    }
}
