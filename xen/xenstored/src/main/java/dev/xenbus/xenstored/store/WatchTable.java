package dev.xenbus.xenstored.store;

import org.jspecify.annotations.Nullable;

/// All watches, by path. A client's list and this table change together, here.
final class WatchTable {
  private final PathMap<WatchList> lists = new PathMap<>();
  private long lastSequence;

  boolean isEmpty() {
    return lists.isEmpty();
  }

  /// How many paths are watched.
  int paths() {
    return lists.size();
  }

  @Nullable WatchList at(byte[] bytes, int start, int end, int hash) {
    return lists.find(bytes, start, end, hash);
  }

  @Nullable WatchList at(byte[] path) {
    return lists.find(path, 0, path.length, Bytes.hash(path, 0, path.length));
  }

  @Nullable Watch find(Client client, PathRef path, byte[] bytes, int tokenStart, int tokenEnd) {
    WatchList list = at(path.bytes(), path.start(), path.end(), path.hash());
    return list == null ? null : list.find(client, bytes, tokenStart, tokenEnd);
  }

  Watch add(Client client, PathRef path, byte[] token, int depth) {
    int hash = path.hash();
    WatchList list = at(path.bytes(), path.start(), path.end(), hash);
    if (list == null) {
      list = new WatchList(path.copy(), hash);
      lists.put(list);
    }
    Watch watch = new Watch(client, list, token, depth, path.relativeCut(), ++lastSequence);
    list.add(watch);
    client.watches().add(watch);
    account(watch, 1);
    return watch;
  }

  void remove(Watch watch) {
    watch.client().watches().remove(watch);
    drop(watch);
  }

  void removeAll(Client client) {
    for (Watch watch : client.watches()) {
      drop(watch);
    }
    client.watches().clear();
  }

  private void drop(Watch watch) {
    WatchList list = watch.list();
    list.remove(watch);
    if (list.size() == 0) {
      lists.remove(list);
    }
    account(watch, -1);
  }

  private static void account(Watch watch, int sign) {
    Client client = watch.client();
    if (!client.isPrivileged()) {
      client.domain().add(Quota.WATCHES, sign);
      client.domain().add(Quota.MEMORY, sign * watch.memory());
    }
  }
}
