package dev.xenbus.xenstored.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.SimulatedMachine;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Unix sockets: their files, framing, and clients that behave badly.
class SocketTest {
  private static final int SOCKETS = 1000;

  @TempDir Path folder = Path.of("");
  private final LiveMachine machine = new LiveMachine();
  private Path path = folder;
  private Path guestPath = folder;
  private Server server;

  @BeforeEach
  void start() throws Exception {
    path = folder.resolve("socket");
    guestPath = folder.resolve("guest");
    server = serve(path);
  }

  private Server serve(Path... paths) throws IOException, NoThread {
    return new Server(
        machine.cpu("dom0"),
        new Server.Options(Optional.empty(), List.of(paths), Map.of(5, guestPath), line -> {}));
  }

  @AfterEach
  void stop() {
    server.stop();
    machine.close();
  }

  /// A client on a blocking socket.
  private static final class Socket implements AutoCloseable {
    final SocketChannel channel;
    private final MessageDecoder decoder = new MessageDecoder();
    private final ByteBuffer received = ByteBuffer.allocate(65536).limit(0);

    Socket(Path path) throws IOException {
      channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      channel.connect(UnixDomainSocketAddress.of(path));
    }

    void send(byte[] bytes) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }

    String receive() throws IOException {
      while (true) {
        Optional<Message> message = decoder.next(received);
        if (message.isPresent()) {
          return new String(message.get().payload(), StandardCharsets.ISO_8859_1)
              .replace('\0', '|');
        }
        received.clear();
        int count = channel.read(received);
        received.flip();
        if (count < 0) {
          throw new EOFException();
        }
      }
    }

    String ask(MessageType type, String payload) throws IOException {
      send(RingPeer.frame(type, 3, payload));
      return receive();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  @Test
  void socketIsPrivateAndVanishes() throws Exception {
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(path), files.toList());
    }
    server.stop();
    assertTrue(Files.notExists(path));
  }

  @Test
  void servedPathIsRefusedAndADeadOneReplaced() throws Exception {
    assertThrows(IOException.class, () -> serve(path));
    try (Socket socket = new Socket(path)) {
      assertEquals("", socket.ask(MessageType.READ, "/|"));
    }
    Path dead = folder.resolve("dead");
    ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(dead))
        .close();
    Path file = Files.createFile(folder.resolve("file"));
    assertThrows(IOException.class, () -> serve(dead, file));
    assertTrue(Files.exists(file));
    Server other = serve(dead, folder.resolve("second"));
    for (String name : new String[] {"dead", "second"}) {
      try (Socket socket = new Socket(folder.resolve(name))) {
        assertEquals("", socket.ask(MessageType.READ, "/|"));
      }
    }
    other.stop();
  }

  @Test
  void veryLongPathsWorkUpToTheLimitOfTheSystem() throws Exception {
    Path deep =
        Files.createDirectories(folder.resolve("d".repeat(96 - folder.toString().length())));
    Path longest = deep.resolve("socket99");
    Server other = serve(longest);
    try (Socket socket = new Socket(longest)) {
      assertEquals("", socket.ask(MessageType.READ, "/|"));
    }
    other.stop();
  }

  @Test
  void simulatedMachinesHaveNoSockets() {
    SimulatedMachine simulated = new SimulatedMachine(1);
    assertThrows(
        IOException.class,
        () ->
            new Server(
                simulated.cpu("dom0"),
                new Server.Options(Optional.empty(), List.of(path), Map.of(), line -> {})));
  }

  @Test
  void oversizedFrameClosesThatConnectionAlone() throws Exception {
    try (Socket bad = new Socket(path);
        Socket good = new Socket(path)) {
      byte[] frame = RingPeer.frame(MessageType.READ, 1, "/|");
      ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN).putInt(12, 4097);
      bad.send(frame);
      assertThrows(IOException.class, bad::receive);
      assertEquals("", good.ask(MessageType.READ, "/|"));
    }
  }

  @Test
  void largestFrameIsServed() throws Exception {
    try (Socket socket = new Socket(path)) {
      String value = "v".repeat(4093);
      assertEquals("OK|", socket.ask(MessageType.WRITE, "/a|" + value));
      assertEquals(value, socket.ask(MessageType.READ, "/a|"));
    }
  }

  @Test
  void byteByByteDelaysNobody() throws Exception {
    try (Socket slow = new Socket(path);
        Socket fast = new Socket(path)) {
      for (byte b : RingPeer.frame(MessageType.WRITE, 1, "/slow|x")) {
        slow.send(new byte[] {b});
        assertEquals("", fast.ask(MessageType.READ, "/|"));
      }
      assertEquals("OK|", slow.receive());
    }
  }

  @Test
  void thousandConnectionsAtOnce() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < SOCKETS; i++) {
        sockets.add(new Socket(path));
      }
      for (int i = 0; i < SOCKETS; i++) {
        sockets.get(i).send(RingPeer.frame(MessageType.WRITE, i, "/n/" + i % 10 + "|x"));
      }
      for (Socket socket : sockets) {
        assertEquals("OK|", socket.receive());
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    try (Socket last = new Socket(path)) {
      assertEquals(10, last.ask(MessageType.DIRECTORY, "/n|").split("\\|").length);
    }
  }

  @Test
  void stuckReaderWithTenThousandEventsBlocksNobody() throws Exception {
    try (Socket stuck = new Socket(path);
        Socket writer = new Socket(path)) {
      stuck.ask(MessageType.WATCH, "/w|" + "t".repeat(100) + "|");
      stuck.receive();
      for (int i = 0; i < 10_000; i++) {
        assertEquals("OK|", writer.ask(MessageType.WRITE, "/w/" + i + "|x"));
      }
      for (int i = 0; i < 10_000; i++) {
        assertTrue(stuck.receive().startsWith("/w/" + i + "|"));
      }
    }
  }

  @Test
  void clientThatPipelinesAndNeverReadsIsBounded() throws Exception {
    try (Socket greedy = new Socket(path);
        Socket other = new Socket(path)) {
      other.ask(MessageType.WRITE, "/big|" + "v".repeat(4000));
      greedy.channel.configureBlocking(false);
      ByteBuffer reads = ByteBuffer.wrap(RingPeer.frame(MessageType.READ, 1, "/big|"));
      int refused = 0;
      for (int i = 0; i < 200_000 && refused < 1000; i++) {
        reads.clear();
        refused += greedy.channel.write(reads) == 0 ? 1 : 0;
        if (reads.hasRemaining() && reads.position() > 0) {
          break;
        }
        if (i % 1000 == 0) {
          assertEquals("OK|", other.ask(MessageType.WRITE, "/x|y"));
        }
      }
      assertEquals("OK|", other.ask(MessageType.WRITE, "/x|y"));
    }
  }

  @Test
  void randomBytesAndSuddenEndsHurtNobody() throws Exception {
    SplittableRandom random = new SplittableRandom(7);
    try (Socket good = new Socket(path)) {
      for (int i = 0; i < 200; i++) {
        try (Socket bad = new Socket(path)) {
          byte[] bytes = new byte[random.nextInt(1, 3000)];
          random.nextBytes(bytes);
          ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
          if (i % 3 == 0 && bytes.length > 16) {
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(12, bytes.length - 16);
          }
          try {
            bad.send(bytes);
          } catch (IOException e) {
            assertTrue(e.toString().contains("Broken pipe"), e.toString());
          }
        }
        assertEquals("", good.ask(MessageType.READ, "/|"));
      }
    }
  }

  @Test
  void guestSocketLivesAsLongAsItsDomain() throws Exception {
    try (Socket dom0 = new Socket(path)) {
      assertTrue(Files.notExists(guestPath));
      assertEquals("OK|", dom0.ask(MessageType.INTRODUCE, "5|1|1|"));
      dom0.ask(MessageType.WRITE, "/local/domain/5/name|guest");
      dom0.ask(MessageType.SET_PERMS, "/local/domain/5/name|r5|");
      try (Socket guest = new Socket(guestPath)) {
        assertEquals("guest", guest.ask(MessageType.READ, "name|"));
        assertEquals("EACCES|", guest.ask(MessageType.CONTROL, "help|"));
        assertEquals("OK|", dom0.ask(MessageType.RELEASE, "5|"));
        assertThrows(IOException.class, () -> guest.ask(MessageType.READ, "name|"));
      }
      assertTrue(Files.notExists(guestPath));
      assertEquals("OK|", dom0.ask(MessageType.INTRODUCE, "5|1|1|"));
      assertTrue(Files.exists(guestPath));
    }
  }
}
