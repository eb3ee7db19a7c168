package dev.xenbus.xenstore.client;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.Permission;
import dev.xenbus.abi.xenstore.Permissions;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The requests about nodes, with one transaction id.
final class NodeCalls implements StoreOperations {
  /// How often a list that changes while it is read in parts is begun anew.
  private static final int LISTINGS_MAX = 100;

  private final Wire wire;
  private final TransactionId transaction;

  NodeCalls(Wire wire, TransactionId transaction) {
    this.wire = wire;
    this.transaction = transaction;
  }

  private Message call(MessageType type, byte[] payload) throws IOException {
    return wire.call(type, transaction, payload);
  }

  private Message call(MessageType type, String... strings) throws IOException {
    return call(type, payload(type, strings));
  }

  /// @throws XenstoreException `EINVAL` if a string cannot be sent
  static byte[] payload(MessageType type, String... strings) throws XenstoreException {
    try {
      return Message.payloadOf(strings);
    } catch (IllegalArgumentException e) {
      throw new XenstoreException(Errno.EINVAL, type + ": " + e.getMessage());
    }
  }

  @Override
  public byte[] readBytes(String path) throws IOException {
    return call(MessageType.READ, path).payload();
  }

  @Override
  public void writeBytes(String path, byte[] value) throws IOException {
    byte[] name = payload(MessageType.WRITE, path);
    byte[] whole = new byte[name.length + value.length];
    System.arraycopy(name, 0, whole, 0, name.length);
    System.arraycopy(value, 0, whole, name.length, value.length);
    call(MessageType.WRITE, whole);
  }

  @Override
  public List<String> directory(String path) throws IOException {
    try {
      return call(MessageType.DIRECTORY, path).strings();
    } catch (XenstoreException e) {
      if (e.errno() != Errno.E2BIG) {
        throw e;
      }
    }
    for (int attempt = 0; attempt < LISTINGS_MAX; attempt++) {
      List<String> names = new ArrayList<>();
      if (listInParts(path, names)) {
        return names;
      }
    }
    throw new XenstoreException(Errno.EAGAIN, "DIRECTORY_PART " + path + " changes all the time");
  }

  private boolean listInParts(String path, List<String> names) throws IOException {
    String generation = "";
    int offset = 0;
    while (true) {
      List<String> part =
          call(MessageType.DIRECTORY_PART, path, Integer.toString(offset)).strings();
      if (part.size() < 2 || (offset > 0 && !part.getFirst().equals(generation))) {
        return false;
      }
      generation = part.getFirst();
      for (String name : part.subList(1, part.size())) {
        if (name.isEmpty()) {
          return true;
        }
        names.add(name);
        offset += name.length() + 1;
      }
    }
  }

  @Override
  public void mkdir(String path) throws IOException {
    call(MessageType.MKDIR, path);
  }

  @Override
  public void rm(String path) throws IOException {
    call(MessageType.RM, path);
  }

  @Override
  public Permissions getPermissions(String path) throws IOException {
    return Permissions.of(call(MessageType.GET_PERMS, path).strings().toArray(String[]::new));
  }

  @Override
  public void setPermissions(String path, Permissions permissions) throws IOException {
    List<String> strings = new ArrayList<>();
    strings.add(path);
    permissions.entries().stream().map(Permission::toString).forEach(strings::add);
    call(MessageType.SET_PERMS, strings.toArray(String[]::new));
  }
}
