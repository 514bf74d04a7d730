import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Iterator;

/** A server on java.nio's Selector: level-triggered, one read for each time a channel is ready. java NioWitness PORT */
public final class NioWitness {
    private final SocketChannel channel;
    private final SelectionKey key;
    private final Frames frames = new Frames();
    private final ArrayDeque<ByteBuffer> answers = new ArrayDeque<>();
    private static final ByteBuffer BUFFER = ByteBuffer.allocateDirect(32 << 10);

    private NioWitness(SocketChannel channel, Selector selector) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    private void ready() throws IOException {
        if (key.isReadable()) {
            BUFFER.clear();
            if (channel.read(BUFFER) < 0) {
                channel.close();
                return;
            }
            frames.take(BUFFER.flip(), answers::add);
        }
        while (!answers.isEmpty()) {
            channel.write(answers.peek());
            if (answers.peek().hasRemaining()) break;
            answers.remove();
        }
        key.interestOps(answers.isEmpty() ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    }

    public static void main(String[] words) throws IOException {
        Selector selector = Selector.open();
        ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress(Integer.parseInt(words[0])));
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
        while (true) {
            selector.select();
            for (Iterator<SelectionKey> keys = selector.selectedKeys().iterator(); keys.hasNext(); keys.remove()) serve(keys.next(), server, selector);
        }
    }

    private static void serve(SelectionKey key, ServerSocketChannel server, Selector selector) throws IOException {
        if (key.isAcceptable()) {
            new NioWitness(server.accept(), selector);
            return;
        }
        try {
            ((NioWitness) key.attachment()).ready();
        } catch (IOException error) {
            System.err.println(error);
            key.channel().close();
        }
    }
}
