package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The watches on one path, in order of registration.
final class WatchList extends PathEntry {
  private final List<Watch> watches = new ArrayList<>();

  WatchList(byte[] path, int hash) {
    super(path, hash);
  }

  int size() {
    return watches.size();
  }

  Watch get(int index) {
    return watches.get(index);
  }

  void add(Watch watch) {
    watches.add(watch);
  }

  void remove(Watch watch) {
    watches.remove(watch);
  }

  @Nullable Watch find(Client client, byte[] bytes, int tokenStart, int tokenEnd) {
    for (Watch watch : watches) {
      if (watch.client() == client
          && Arrays.equals(watch.token(), 0, watch.token().length, bytes, tokenStart, tokenEnd)) {
        return watch;
      }
    }
    return null;
  }
}
