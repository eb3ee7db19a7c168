package dev.xenbus.xenstored.server;

import dev.xenbus.machine.SelectorWait;
import dev.xenbus.xenstored.store.Client;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.function.Supplier;

/// A Unix socket that clients connect to. Its path has mode 0600 from the first moment, replaces a
/// socket that nobody serves any more, and vanishes at the end.
final class Listener implements SelectorWait.Ready {
  /// Longer queue than the real daemon's 1: a thousand clients may come at once.
  private static final int BACKLOG = 4096;

  /// At most so many are accepted before others get a turn.
  private static final int ACCEPTS_PER_TURN = 64;

  /// `sun_path` of Linux has 108 bytes, of which Java leaves two out.
  private static final int PATH_BYTES_MAX = 106;

  private final ServerLoop loop;
  private final SelectorWait sockets;
  private final Path path;
  private final ServerSocketChannel channel;
  private final Supplier<Optional<Client>> clients;

  /// Opens the socket.
  ///
  /// @param clients makes the client of a new connection, or refuses it
  /// @throws IOException if somebody serves the path, or it is no socket, or cannot be made
  Listener(ServerLoop loop, SelectorWait sockets, Path path, Supplier<Optional<Client>> clients)
      throws IOException {
    this.loop = loop;
    this.sockets = sockets;
    this.path = path;
    this.clients = clients;
    refuseIfServed(path);
    this.channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean done = false;
    try {
      bind();
      channel.configureBlocking(false);
      channel.register(sockets.selector(), SelectionKey.OP_ACCEPT, this);
      done = true;
    } finally {
      if (!done) {
        channel.close();
      }
    }
  }

  private static void refuseIfServed(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) || Files.isDirectory(path)) {
      throw new IOException(path + " exists and is no socket");
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException nobodyThere) {
      return;
    }
    throw new IOException(path + ": somebody serves this socket already");
  }

  /// Binds in a folder that nobody else can enter, and moves the socket to its place with its mode
  /// set.
  private void bind() throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    Path hidden = Files.createTempDirectory(folder, ".xs");
    Path first = hidden.resolve("s");
    try {
      boolean fits = first.toString().length() <= PATH_BYTES_MAX;
      if (!fits) {
        Files.deleteIfExists(path);
      }
      Path bound = fits ? first : path;
      channel.bind(UnixDomainSocketAddress.of(bound), BACKLOG);
      Files.setPosixFilePermissions(bound, PosixFilePermissions.fromString("rw-------"));
      if (fits) {
        move(first);
      }
    } finally {
      Files.deleteIfExists(first);
      Files.deleteIfExists(hidden);
    }
  }

  private void move(Path from) throws IOException {
    try {
      Files.move(from, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException("cannot put a socket at " + path, e);
    }
  }

  @Override
  public void ready(SelectionKey key) {
    try {
      for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        SocketChannel socket = channel.accept();
        if (socket == null) {
          return;
        }
        accepted(socket);
      }
    } catch (IOException e) {
      loop.log("accepting on " + path + ": " + e.getMessage());
    }
  }

  private void accepted(SocketChannel socket) throws IOException {
    Optional<Client> client = clients.get();
    if (client.isEmpty()) {
      socket.close();
      return;
    }
    socket.configureBlocking(false);
    SelectionKey key = socket.register(sockets.selector(), SelectionKey.OP_READ);
    SocketEndpoint endpoint = new SocketEndpoint(loop, client.get(), socket, key);
    key.attach(endpoint);
    loop.add(endpoint);
  }

  void close() {
    try {
      channel.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      loop.log("closing " + path + ": " + e.getMessage());
    }
  }
}
