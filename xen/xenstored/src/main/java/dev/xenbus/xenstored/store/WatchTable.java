package dev.xenbus.xenstored.store;

import java.util.Arrays;
import java.util.List;
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

  /// Every list of watches on a node below the given one, parents first, children by name.
  List<WatchList> below(byte[] path) {
    int length = path.length == 1 ? 0 : path.length;
    return lists.all().stream()
        .filter(
            list ->
                list.path().length > length + 1
                    && list.path()[length] == '/'
                    && Arrays.equals(list.path(), 0, length, path, 0, length))
        .sorted((one, other) -> WatchTable.compare(one.path(), other.path()))
        .toList();
  }

  /// Compares name by name: the slash is less than any other character.
  private static int compare(byte[] one, byte[] other) {
    int at = Arrays.mismatch(one, other);
    if (at < 0 || at == one.length || at == other.length) {
      return Integer.compare(one.length, other.length);
    }
    int a = one[at] == '/' ? 0 : one[at] & 0xFF;
    int b = other[at] == '/' ? 0 : other[at] & 0xFF;
    return Integer.compare(a, b);
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
