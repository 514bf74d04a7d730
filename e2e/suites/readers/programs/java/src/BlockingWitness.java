import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;

/**
 * A server with a thread for each connection, on blocking streams. As many programs do, it reads as many bytes as available() counts (FIONREAD),
 * and waits by a read of one byte when there are none. java BlockingWitness PORT
 */
public final class BlockingWitness {
    public static void main(String[] words) throws IOException {
        try (ServerSocket server = new ServerSocket(Integer.parseInt(words[0]))) {
            while (true) {
                Socket socket = server.accept();
                Thread thread = new Thread(() -> serve(socket));
                thread.setDaemon(true);
                thread.start();
            }
        }
    }

    private static void serve(Socket socket) {
        byte[] buffer = new byte[32 << 10];
        Frames frames = new Frames();
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            while (true) {
                int count = in.read(buffer, 0, Math.max(1, Math.min(buffer.length, in.available())));
                if (count < 0) return;
                frames.take(ByteBuffer.wrap(buffer, 0, count), answer -> send(socket, answer));
            }
        } catch (IOException error) {
            System.err.println(error);
        }
    }

    private static void send(Socket socket, ByteBuffer answer) {
        try {
            socket.getOutputStream().write(answer.array(), 0, answer.limit());
        } catch (IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
    }
}
