package dev.xenbus.xenstore.client;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.Permission;
import dev.xenbus.abi.xenstore.Permissions;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The requests about nodes, with one transaction id.
final class AsyncCalls implements AsyncOperations {
  /// Of what cannot be seen.
  private static final List<Errno> HIDDEN = List.of(Errno.ENOENT, Errno.EACCES);

  private final Connection connection;
  private final TransactionId transaction;

  /// The requests of a transaction whose answers nobody asked for yet; guarded by the connection's
  /// lock.
  private final List<Reply<?>> unnoticed = new ArrayList<>();

  /// What a result is made of.
  interface Decoder<T> {
    /// Makes a result from what the store answered.
    ///
    /// @throws IOException if that is malformed
    T decode(Message reply) throws IOException;
  }

  AsyncCalls(Connection connection, TransactionId transaction) {
    this.connection = connection;
    this.transaction = transaction;
  }

  /// Sends a request of strings and has its answer complete `reply`.
  static <T> void ask(
      Connection connection,
      TransactionId transaction,
      MessageType type,
      Reply<T> reply,
      Decoder<? extends T> decoder,
      String... strings) {
    byte[] payload;
    try {
      payload = Message.payloadOf(strings);
    } catch (IllegalArgumentException e) {
      reply.fail(unspeakable(type, e, strings[0]));
      return;
    }
    connection.send(type, transaction, payload, answer(reply, decoder, _ -> null), false);
  }

  private static XenstoreException unspeakable(
      MessageType type, IllegalArgumentException why, String path) {
    return new XenstoreException(Errno.EINVAL, type + ": " + why.getMessage(), path);
  }

  private static <T> Connection.Answer answer(
      Reply<T> reply,
      Decoder<? extends T> decoder,
      Function<Errno, ? extends @Nullable T> ofRefusal) {
    return new Connection.Answer() {
      @Override
      public void answered(Message message) throws IOException {
        reply.complete(decoder.decode(message));
      }

      @Override
      public void failed(IOException why) {
        T instead = why instanceof XenstoreException e ? ofRefusal.apply(e.errno()) : null;
        if (instead == null) {
          reply.fail(why);
        } else {
          reply.complete(instead);
        }
      }
    };
  }

  private <T> Reply<T> call(
      MessageType type,
      Decoder<? extends T> decoder,
      Function<Errno, ? extends @Nullable T> ofRefusal,
      String... strings) {
    Reply<T> reply = newReply();
    try {
      byte[] payload = Message.payloadOf(strings);
      connection.send(type, transaction, payload, answer(reply, decoder, ofRefusal), false);
    } catch (IllegalArgumentException e) {
      reply.fail(unspeakable(type, e, strings[0]));
    }
    return reply;
  }

  private <T> Reply<T> call(MessageType type, Decoder<? extends T> decoder, String... strings) {
    return call(type, decoder, _ -> null, strings);
  }

  private <T> Reply<T> newReply() {
    Reply<T> reply = new Reply<>(connection);
    if (!transaction.isNone()) {
      connection.lock().lock();
      try {
        if (!unnoticed.isEmpty() && unnoticed.getLast().isNoticed()) {
          unnoticed.removeLast();
        }
        unnoticed.add(reply);
      } finally {
        connection.lock().unlock();
      }
    }
    return reply;
  }

  /// Waits for the answers that nobody asked for.
  ///
  /// @throws IOException if one of them is a refusal
  void settle() throws IOException {
    List<Reply<?>> left;
    connection.lock().lock();
    try {
      left = List.copyOf(unnoticed);
      unnoticed.clear();
    } finally {
      connection.lock().unlock();
    }
    for (Reply<?> reply : left) {
      boolean ended = reply.awaitDone(WaitQueue.FOREVER);
      assert ended;
      if (reply.failedUnnoticed()) {
        reply.await();
      }
    }
  }

  @Override
  public Reply<byte[]> readBytes(String path) {
    return call(MessageType.READ, Message::payload, path);
  }

  private static String text(Message reply) {
    return new String(reply.payload(), StandardCharsets.UTF_8);
  }

  @Override
  public Reply<String> read(String path) {
    return call(MessageType.READ, AsyncCalls::text, path);
  }

  @Override
  public Reply<Optional<String>> readIfPresent(String path) {
    return call(
        MessageType.READ,
        reply -> Optional.of(text(reply)),
        errno -> errno == Errno.ENOENT ? Optional.<String>empty() : null,
        path);
  }

  @Override
  public Reply<Boolean> exists(String path) {
    return call(
        MessageType.READ, _ -> true, errno -> HIDDEN.contains(errno) ? Boolean.FALSE : null, path);
  }

  @Override
  public Reply<Ok> writeBytes(String path, byte[] value) {
    Reply<Ok> reply = newReply();
    try {
      byte[] name = Message.payloadOf(path);
      byte[] whole = new byte[name.length + value.length];
      System.arraycopy(name, 0, whole, 0, name.length);
      System.arraycopy(value, 0, whole, name.length, value.length);
      connection.send(
          MessageType.WRITE, transaction, whole, answer(reply, _ -> Ok.OK, _ -> null), false);
    } catch (IllegalArgumentException e) {
      reply.fail(unspeakable(MessageType.WRITE, e, path));
    }
    return reply;
  }

  @Override
  public Reply<List<String>> directory(String path) {
    Reply<List<String>> reply = newReply();
    new Listing(connection, transaction, path, reply).start();
    return reply;
  }

  @Override
  public Reply<Ok> mkdir(String path) {
    return call(MessageType.MKDIR, _ -> Ok.OK, path);
  }

  @Override
  public Reply<Ok> rm(String path) {
    return call(MessageType.RM, _ -> Ok.OK, path);
  }

  @Override
  public Reply<Permissions> getPermissions(String path) {
    return call(
        MessageType.GET_PERMS,
        reply -> {
          try {
            return Permissions.of(reply.strings().toArray(String[]::new));
          } catch (IllegalArgumentException e) {
            throw new IOException("EPROTO: no permissions: " + reply.strings(), e);
          }
        },
        path);
  }

  @Override
  public Reply<Ok> setPermissions(String path, Permissions permissions) {
    List<String> strings = new ArrayList<>();
    strings.add(path);
    permissions.entries().stream().map(Permission::toString).forEach(strings::add);
    return call(MessageType.SET_PERMS, _ -> Ok.OK, strings.toArray(String[]::new));
  }
}
