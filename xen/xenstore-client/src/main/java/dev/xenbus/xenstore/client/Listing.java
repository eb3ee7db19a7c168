package dev.xenbus.xenstore.client;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// One listing of children: in one answer, or, where that is too long for a message, in parts, from
/// the start again if the list changes meanwhile. Mirrors `xs_directory` (`tools/libs/store/xs.c`).
///
/// Exclusive to the connection's carrier once it was started.
final class Listing implements Connection.Answer {
  /// How often a list that changes while it is read in parts is begun anew.
  private static final int LISTINGS_MAX = 100;

  /// Names with their NULs: a store that says more than that will never end.
  private static final int NAMES_BYTES_MAX = 1 << 28;

  private final Connection connection;
  private final TransactionId transaction;
  private final String path;
  private final Reply<List<String>> reply;
  private final List<String> names = new ArrayList<>();
  private boolean inParts;
  private String generation = "";
  private int offset;
  private int attempts;

  Listing(
      Connection connection, TransactionId transaction, String path, Reply<List<String>> reply) {
    this.connection = connection;
    this.transaction = transaction;
    this.path = path;
    this.reply = reply;
  }

  void start() {
    try {
      byte[] payload = Message.payloadOf(path);
      connection.send(MessageType.DIRECTORY, transaction, payload, this, false);
    } catch (IllegalArgumentException e) {
      reply.fail(new XenstoreException(Errno.EINVAL, "DIRECTORY: " + e.getMessage(), path));
    }
  }

  @Override
  public void failed(IOException why) {
    Errno errno = why instanceof XenstoreException e ? e.errno() : Errno.EIO;
    if (errno == Errno.E2BIG && !inParts) {
      inParts = true;
      askForPart();
    } else if (errno == Errno.ENOSYS && inParts) {
      reply.fail(tooLong()); // a store of old cannot show more than fits into a message
    } else {
      reply.fail(why);
    }
  }

  private void askForPart() {
    byte[] payload = Message.payloadOf(path, Integer.toString(offset));
    connection.send(MessageType.DIRECTORY_PART, transaction, payload, this, true);
  }

  private void askAnew() {
    if (++attempts == LISTINGS_MAX) {
      reply.fail(
          new XenstoreException(
              Errno.EAGAIN, "DIRECTORY_PART " + path + " changes all the time", path));
      return;
    }
    names.clear();
    offset = 0;
    generation = "";
    askForPart();
  }

  @Override
  public void answered(Message message) {
    List<String> part = message.strings();
    if (!inParts) {
      reply.complete(part);
    } else if (part.size() < 2 || (offset > 0 && !part.getFirst().equals(generation))) {
      askAnew();
    } else {
      generation = part.getFirst();
      addPart(part.subList(1, part.size()));
    }
  }

  private void addPart(List<String> part) {
    for (String name : part) {
      if (name.isEmpty()) {
        reply.complete(List.copyOf(names));
        return;
      }
      names.add(name);
      offset += name.length() + 1;
    }
    if (offset > NAMES_BYTES_MAX) {
      reply.fail(tooLong());
    } else {
      askForPart();
    }
  }

  private XenstoreException tooLong() {
    return new XenstoreException(Errno.E2BIG, "DIRECTORY " + path + " has too many names", path);
  }
}
