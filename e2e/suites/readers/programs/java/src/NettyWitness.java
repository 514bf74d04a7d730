import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketChannel;

/** A server on Netty's native epoll, which is edge-triggered: a read that does not fill its buffer ends the loop of reads. java NettyWitness PORT */
public final class NettyWitness {
    public static void main(String[] words) throws Exception {
        new ServerBootstrap()
            .group(new EpollEventLoopGroup(1))
            .channel(EpollServerSocketChannel.class)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel channel) {
                    channel.pipeline().addLast(new Handler());
                }
            })
            .bind(Integer.parseInt(words[0])).sync().channel().closeFuture().sync();
    }

    private static final class Handler extends SimpleChannelInboundHandler<ByteBuf> {
        private final Frames frames = new Frames();

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            frames.take(bytes.nioBuffer(), answer -> context.writeAndFlush(Unpooled.wrappedBuffer(answer)));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            System.err.println(cause);
            context.close();
        }
    }
}
