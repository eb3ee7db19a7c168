package dev.xenbus.xs;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.abi.xenstore.XenstoreLimits;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.KernelSymbol;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/// What the calls of [Xenbus] put on the wire and make of the reply. Threads: any.
final class StoreCalls {
  /// Attempts of one transaction before its `EAGAIN` is passed on. Differs: the real kernel has no
  /// bound.
  static final int TRANSACTION_ATTEMPTS_MAX = 100_000;

  private final Kernel kernel;
  private final RequestChannel channel;
  private final AtomicBoolean saidMalformed = new AtomicBoolean();

  StoreCalls(Kernel kernel, RequestChannel channel) {
    this.kernel = kernel;
    this.channel = channel;
  }

  static String join(String dir, String node) {
    return node.isEmpty() ? dir : dir + "/" + node;
  }

  /// Sends a request whose payload is one or more strings, each with its NUL.
  @KernelSymbol("xs_single")
  byte[] strings(MessageType type, XenbusTransaction tx, String... strings)
      throws XenstoreException {
    byte[] payload;
    try {
      payload = Message.payloadOf(strings);
    } catch (IllegalArgumentException e) {
      throw new XenstoreException(Errno.EINVAL, String.valueOf(e.getMessage()));
    }
    return call(type, tx, payload, strings[0]);
  }

  private byte[] call(MessageType type, XenbusTransaction tx, byte[] payload, String path)
      throws XenstoreException {
    String about = type + " " + path + " tx=" + Integer.toUnsignedString(tx.id());
    if (payload.length > XenstoreLimits.PAYLOAD_BYTES_MAX) {
      throw new XenstoreException(Errno.E2BIG, about);
    }
    return channel.call(type, TransactionId.of(tx.id()), payload, about);
  }

  /// Lists a folder.
  ///
  /// Differs: a folder whose names do not fit into one reply is read in parts; the real kernel
  /// answers `E2BIG`, and so cannot see more than about a thousand guests.
  List<String> directory(XenbusTransaction tx, String path) throws XenstoreException {
    try {
      byte[] reply = strings(MessageType.DIRECTORY, tx, path);
      if (reply.length > 0 && reply[reply.length - 1] != 0) {
        if (saidMalformed.compareAndSet(false, true)) {
          kernel.printk().error("xenbus: malformed XS_DIRECTORY reply");
        }
        throw new XenstoreException(Errno.EIO, "malformed XS_DIRECTORY reply");
      }
      return split(reply, 0);
    } catch (XenstoreException e) {
      if (e.errno() != Errno.E2BIG) {
        throw e;
      }
      return directoryInParts(tx, path);
    }
  }

  private List<String> directoryInParts(XenbusTransaction tx, String path)
      throws XenstoreException {
    for (int attempt = 0; attempt < TRANSACTION_ATTEMPTS_MAX; attempt++) {
      List<String> names = new ArrayList<>();
      if (readParts(tx, path, names)) {
        return names;
      }
    }
    throw new XenstoreException(Errno.E2BIG, "DIRECTORY_PART " + path + ": changes all the time");
  }

  /// Reads all parts, unless the folder changes meanwhile.
  private boolean readParts(XenbusTransaction tx, String path, List<String> names)
      throws XenstoreException {
    String generation = "";
    int offset = 0;
    while (true) {
      byte[] reply = strings(MessageType.DIRECTORY_PART, tx, path, Integer.toString(offset));
      List<String> parts = split(reply, 0);
      if (parts.isEmpty() || reply[reply.length - 1] != 0) {
        throw new XenstoreException(Errno.EIO, "malformed XS_DIRECTORY_PART reply");
      }
      if (offset > 0 && !parts.getFirst().equals(generation)) {
        return false;
      }
      generation = parts.getFirst();
      int before = offset;
      for (String name : parts.subList(1, parts.size())) {
        if (name.isEmpty()) {
          return true;
        }
        names.add(name);
        offset += name.length() + 1;
      }
      if (offset == before) {
        throw new XenstoreException(Errno.EIO, "empty XS_DIRECTORY_PART reply");
      }
    }
  }

  private static List<String> split(byte[] bytes, int from) {
    List<String> strings = new ArrayList<>();
    int start = from;
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        strings.add(new String(bytes, start, i - start, StandardCharsets.ISO_8859_1));
        start = i + 1;
      }
    }
    return strings;
  }

  boolean exists(XenbusTransaction tx, String path) {
    try {
      directory(tx, path);
      return true;
    } catch (XenstoreException _) {
      return false;
    }
  }

  String read(XenbusTransaction tx, String path) throws XenstoreException {
    return new String(strings(MessageType.READ, tx, path), StandardCharsets.ISO_8859_1);
  }

  void write(XenbusTransaction tx, String path, String value) throws XenstoreException {
    byte[] pathBytes = (path + "\0").getBytes(StandardCharsets.ISO_8859_1);
    byte[] valueBytes = value.getBytes(StandardCharsets.ISO_8859_1);
    byte[] payload = Arrays.copyOf(pathBytes, pathBytes.length + valueBytes.length);
    System.arraycopy(valueBytes, 0, payload, pathBytes.length, valueBytes.length);
    call(MessageType.WRITE, tx, payload, path);
  }

  void remove(XenbusTransaction tx, String path) throws XenstoreException {
    strings(MessageType.RM, tx, path);
  }

  long readNumber(XenbusTransaction tx, String path) throws XenstoreException {
    String value = read(tx, path);
    return ScanNumber.any(value)
        .orElseThrow(() -> new XenstoreException(Errno.ERANGE, path + " is no number: " + value));
  }

  long readUnsigned(String path, long fallback) {
    try {
      return ScanNumber.unsigned(read(XenbusTransaction.NONE, path)).orElse(fallback);
    } catch (XenstoreException _) {
      return fallback;
    }
  }

  /// Returns the number in `path/state`, whatever it is; that of UNKNOWN if there is none. As
  /// `sscanf` into an `int`: bits above the lowest 32 are lost.
  int readDriverStateCode(String path) {
    try {
      OptionalLong state = ScanNumber.decimal(read(XenbusTransaction.NONE, join(path, "state")));
      return (int) state.orElse(XenbusState.UNKNOWN.code());
    } catch (XenstoreException _) {
      return XenbusState.UNKNOWN.code();
    }
  }

  XenbusTransaction start() throws XenstoreException {
    byte[] reply = strings(MessageType.TRANSACTION_START, XenbusTransaction.NONE, "");
    String id = SuspendGate.errorName(reply);
    OptionalLong number = ScanNumber.any(id);
    if (number.isEmpty()) {
      throw new XenstoreException(Errno.EIO, "transaction id: " + id);
    }
    return new XenbusTransaction((int) number.getAsLong());
  }

  void end(XenbusTransaction tx, boolean abort) throws XenstoreException {
    strings(MessageType.TRANSACTION_END, tx, abort ? "F" : "T");
  }

  <T> T transaction(Xenbus.TransactionBody<T> body) throws XenstoreException {
    for (int attempt = 1; ; attempt++) {
      XenbusTransaction tx = start();
      T result;
      try {
        result = body.run(tx);
      } catch (XenstoreException | RuntimeException e) {
        abort(tx, e);
        throw e;
      }
      try {
        end(tx, false);
        return result;
      } catch (XenstoreException e) {
        if (e.errno() != Errno.EAGAIN || attempt == TRANSACTION_ATTEMPTS_MAX) {
          throw e;
        }
      }
    }
  }

  private void abort(XenbusTransaction tx, Exception why) {
    try {
      end(tx, true);
    } catch (XenstoreException e) {
      why.addSuppressed(e);
    }
  }
}
