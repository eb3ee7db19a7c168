package dev.xenbus.xenstore.conformance;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SequencedMap;

/// A server behind a Unix socket, and, where it has them, sockets that act as a domain.
public final class SocketTarget implements Target {
  private static final int BUFFER_BYTES = 64 * 1024;

  private final Path socket;
  private final SequencedMap<Integer, Path> guests;
  private final String profile;

  /// Makes a target.
  ///
  /// @param socket the server's socket
  /// @param guests sockets that act as a domain, by its number; the domain is introduced when it is
  ///     first opened
  /// @param profile what the server is like: `c`, `c17` or `ocaml`
  public SocketTarget(Path socket, SequencedMap<Integer, Path> guests, String profile) {
    this.socket = socket;
    this.guests = guests;
    this.profile = profile;
  }

  @Override
  public String profile() {
    return profile;
  }

  @Override
  public Channel open() throws IOException {
    return new SocketConnection(socket);
  }

  @Override
  public Optional<Channel> openDomain(int domid) throws IOException {
    Path path = guests.get(domid);
    if (path == null) {
      return Optional.empty();
    }
    try (Channel toolstack = open()) {
      introduce(toolstack, domid);
    }
    return Optional.of(new SocketConnection(path));
  }

  private static void introduce(Channel toolstack, int domid) throws IOException {
    String number = Integer.toString(domid);
    toolstack.send(request(MessageType.IS_DOMAIN_INTRODUCED, number));
    Message known = toolstack.receive(ScriptRunner.REPLY_MILLIS).orElseThrow(EOFException::new);
    if (known.string().equals("F")) {
      toolstack.send(request(MessageType.INTRODUCE, number, "1", "1"));
      Message made = toolstack.receive(ScriptRunner.REPLY_MILLIS).orElseThrow(EOFException::new);
      if (made.header().type() == MessageType.ERROR.code()) {
        throw new IOException("domain " + number + " cannot be introduced: " + made.string());
      }
    }
  }

  private static byte[] request(MessageType type, String... strings) {
    return Message.of(type, 1, TransactionId.NONE, Message.payloadOf(strings)).encode();
  }

  @Override
  public void close() {
    // Connections are closed by whoever opened them.
  }

  private static final class SocketConnection implements Channel {
    private final SocketChannel channel;
    private final Selector selector;
    private final MessageDecoder decoder = new MessageDecoder();
    private final ByteBuffer input = ByteBuffer.allocate(BUFFER_BYTES).flip();

    SocketConnection(Path path) throws IOException {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
      channel.configureBlocking(false);
      selector = Selector.open();
      channel.register(selector, SelectionKey.OP_READ);
    }

    @Override
    public void send(byte[] bytes) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      try (Selector writable = Selector.open()) {
        while (buffer.hasRemaining()) {
          if (channel.write(buffer) == 0) {
            writable.select(1);
          }
        }
      }
    }

    @Override
    public Optional<Message> receive(int timeoutMillis) throws IOException {
      while (true) {
        Optional<Message> message = decoder.next(input);
        if (message.isPresent()) {
          return message;
        }
        input.clear();
        int bytes = channel.read(input);
        input.flip();
        if (bytes < 0) {
          throw new EOFException("the server hung up");
        }
        if (bytes == 0) {
          selector.selectedKeys().clear();
          if (selector.select(timeoutMillis) == 0) {
            return Optional.empty();
          }
        }
      }
    }

    @Override
    public void close() throws IOException {
      selector.close();
      channel.close();
    }
  }
}
