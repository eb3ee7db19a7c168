package dev.xenbus.xenstored.server;

import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenstored.store.Client;
import dev.xenbus.xenstored.store.Journal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The access log, one line for each request, error and event, in the shape of the OCaml daemon's
/// `xenstored-access.log`:
///
/// ```
/// [20260801T12:00:00.123Z] A3.1         write     /local/domain/5/name guest
/// ```
///
/// `D5` is domain 5, `A3` the third connection over a socket, `.1` its transaction. The loop only
/// collects bytes; a task of its own, `xenstored-log`, writes them. If the disk is too slow lines
/// are lost, and counted.
///
/// Threads: everything is the loop's, but [#reopen] may be posted to it from anywhere.
final class AccessLog implements Journal {
  /// So much is handed over at once; less when the loop is idle.
  private static final int BATCH_BYTES = 1 << 16;

  /// More than this does not wait for the disk.
  private static final long WAITING_BYTES_MAX = 1 << 24;

  private static final int WHO_COLUMNS = 12;
  private static final int WHAT_COLUMNS = 9;
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HH:mm:ss.").withZone(ZoneOffset.UTC);
  private static final long MILLIS_PER_SECOND = 1000;

  private final Clock clock;
  private final WaitQueue work;
  private final Task writer;
  private final Queue<Batch> batches = new ConcurrentLinkedQueue<>();
  private final AtomicLong waitingBytes = new AtomicLong();
  private final ServerLoop.LogSink log;
  private Path path;
  private byte[] bytes = new byte[BATCH_BYTES];
  private int length;
  private int requestAt;
  private long lost;
  private long second = -1;
  private String secondText = "";
  private volatile boolean closing;

  /// What the writer does next: goes on in another file perhaps, and writes.
  private record Batch(@Nullable FileChannel file, ByteBuffer bytes) {}

  /// Opens the file, for appending, and starts the writer.
  ///
  /// @throws IOException if it cannot be opened
  /// @throws NoThread if no task can be made
  AccessLog(Cpu cpu, Path path, ServerLoop.LogSink log) throws IOException, NoThread {
    this.clock = cpu.machine().clock();
    this.work = cpu.waitQueue("xenstored_log");
    this.log = log;
    this.path = path;
    FileChannel first = open(path);
    this.writer = cpu.ioThread("xenstored-log", self -> write(self, first));
    writer.wake();
  }

  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  // ---- the loop

  /// Goes on in another file, or in a new one of the same name.
  ///
  /// @throws IOException if it cannot be opened: then it goes on in the old one
  void reopen(Path other) throws IOException {
    FileChannel next = open(other);
    flush();
    path = other;
    batches.add(new Batch(next, ByteBuffer.allocate(0)));
    work.wakeOne();
  }

  Path path() {
    return path;
  }

  /// Hands what was collected to the writer.
  void flush() {
    if (length == 0) {
      return;
    }
    if (waitingBytes.get() + length > WAITING_BYTES_MAX) {
      for (int i = 0; i < length; i++) {
        lost += bytes[i] == '\n' ? 1 : 0;
      }
    } else {
      byte[] batch = java.util.Arrays.copyOf(bytes, length);
      waitingBytes.addAndGet(length);
      batches.add(new Batch(null, ByteBuffer.wrap(batch)));
      work.wakeOne();
    }
    length = 0;
    requestAt = 0;
  }

  /// Writes what is left, and ends the task.
  void close() {
    flush();
    closing = true;
    work.wakeAll();
    writer.stop();
  }

  @Override
  public void connected(Client client) {
    begin(client, 0, "newconn");
    end();
  }

  @Override
  public void disconnected(Client client) {
    begin(client, 0, "endconn");
    end();
  }

  @Override
  public void request(
      Client client, int type, int transactionId, byte[] buffer, int start, int end) {
    requestAt = length;
    begin(client, transactionId, nameOf(type));
    payload(buffer, start, end);
    end();
  }

  @Override
  public void takeBack() {
    length = Math.min(length, requestAt);
  }

  @Override
  public void failed(Client client, int transactionId, String error) {
    begin(client, transactionId, "error");
    text(error);
    end();
  }

  @Override
  public void event(Client client, byte[] firedPath, int start, int end, byte[] token) {
    begin(client, 0, "w event");
    payload(firedPath, start, end);
    put(' ');
    payload(token, 0, token.length);
    put(' ');
    end();
  }

  @Override
  public void line(String text) {
    stamp();
    byte[] encoded = text.getBytes(StandardCharsets.ISO_8859_1);
    payload(encoded, 0, encoded.length);
    end();
  }

  private static String nameOf(int type) {
    return switch (MessageType.ofCode(type).orElse(MessageType.ERROR)) {
      case CONTROL -> "debug";
      case TRANSACTION_START -> "t start";
      case TRANSACTION_END -> "t end";
      case GET_DOMAIN_PATH -> "getdomain";
      case IS_DOMAIN_INTRODUCED -> "is introduced";
      case GET_PERMS -> "getperms";
      case SET_PERMS -> "setperms";
      case RESET_WATCHES -> "reset watches";
      case SET_TARGET -> "settarget";
      case ERROR, WATCH_EVENT -> "invalid";
      default -> MessageType.ofCode(type).orElseThrow().name().toLowerCase(java.util.Locale.ROOT);
    };
  }

  private void begin(Client client, int transactionId, String what) {
    stamp();
    String who = client.label();
    if (transactionId != 0) {
      who = who + "." + Integer.toUnsignedString(transactionId);
    }
    padded(who, WHO_COLUMNS);
    put(' ');
    padded(what, WHAT_COLUMNS);
    put(' ');
  }

  private void stamp() {
    long millis = clock.wallTime().toEpochMilli();
    long now = Math.floorDiv(millis, MILLIS_PER_SECOND);
    if (now != second) {
      second = now;
      secondText = SECOND.format(java.time.Instant.ofEpochSecond(now));
    }
    int part = (int) Math.floorMod(millis, MILLIS_PER_SECOND);
    put('[');
    text(secondText);
    put('0' + part / 100);
    put('0' + part / 10 % 10);
    put('0' + part % 10);
    put('Z');
    put(']');
    put(' ');
  }

  private void padded(String word, int columns) {
    text(word);
    for (int i = word.length(); i < columns; i++) {
      put(' ');
    }
  }

  private void text(String text) {
    for (int i = 0; i < text.length(); i++) {
      put(text.charAt(i));
    }
  }

  /// NULs as blanks, the rest escaped as OCaml does.
  private void payload(byte[] from, int start, int end) {
    for (int i = start; i < end; i++) {
      int c = from[i] & 0xFF;
      switch (c) {
        case 0 -> put(' ');
        case '\n' -> text("\\n");
        case '\t' -> text("\\t");
        case '\r' -> text("\\r");
        case '\b' -> text("\\b");
        case '\\' -> text("\\\\");
        case '"' -> text("\\\"");
        default -> {
          if (c >= ' ' && c <= '~') {
            put(c);
          } else {
            put('\\');
            put('0' + c / 100);
            put('0' + c / 10 % 10);
            put('0' + c % 10);
          }
        }
      }
    }
  }

  private void put(int c) {
    if (length == bytes.length) {
      bytes = java.util.Arrays.copyOf(bytes, 2 * length);
    }
    bytes[length++] = (byte) c;
  }

  private void end() {
    put('\n');
    if (lost > 0 && waitingBytes.get() == 0) {
      text("(" + lost + " lines lost: the disk was too slow)\n");
      lost = 0;
    }
    // A request's line stays until it cannot be taken back any more.
    if (length > 2 * BATCH_BYTES) {
      flush();
    }
  }

  // ---- the writer

  private int write(Task self, FileChannel first) {
    FileChannel file = first;
    try {
      while (true) {
        boolean last = closing || self.shouldStop();
        Batch batch = batches.poll();
        if (batch == null) {
          if (last) {
            return 0;
          }
          work.await(
              Task.State.S,
              WaitQueue.FOREVER,
              () -> closing || self.shouldStop() || !batches.isEmpty());
          continue;
        }
        if (batch.file != null) {
          file.close();
          file = batch.file;
        }
        append(file, batch.bytes);
      }
    } catch (IOException e) {
      log.line("access log: " + e.getMessage());
      return 1;
    } finally {
      closeQuietly(file);
    }
  }

  private void append(FileChannel file, ByteBuffer buffer) {
    int count = buffer.remaining();
    try {
      while (buffer.hasRemaining()) {
        file.write(buffer);
      }
    } catch (IOException e) {
      log.line("access log: " + e.getMessage() + "; " + buffer.remaining() + " bytes are lost");
    } finally {
      waitingBytes.addAndGet(-count);
    }
  }

  private void closeQuietly(FileChannel file) {
    try {
      file.close();
    } catch (IOException e) {
      log.line("access log: " + e.getMessage());
    }
  }
}
