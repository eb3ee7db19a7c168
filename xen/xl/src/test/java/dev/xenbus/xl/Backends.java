package dev.xenbus.xl;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/// Plays the backend drivers: what says `state` 1 goes to 2, what is told 5 goes to 6, unless it is
/// stuck; the console daemon names a tty.
final class Backends implements ScriptedStore.Script {
  private final SequencedSet<String> stuckOnAdd = new LinkedHashSet<>();
  private final SequencedSet<String> stuckOnRemove = new LinkedHashSet<>();
  private boolean consoleDaemon = true;
  private final SequencedSet<String> closedElsewhere = new LinkedHashSet<>();

  /// No backend whose path contains the text does anything from now on.
  public void stuck(String path) {
    stuckOnAdd(path);
    stuckOnRemove.add(path);
  }

  public void stuckOnAdd(String path) {
    stuckOnAdd.add(path);
  }

  public void stuckOnRemove(String path) {
    stuckOnRemove.add(path);
  }

  public void recovered() {
    stuckOnAdd.clear();
    stuckOnRemove.clear();
  }

  public void noConsoleDaemon() {
    consoleDaemon = false;
  }

  /// Removes the backends of driver domains that have closed, as `xl devd` does there.
  public void removeClosed(ScriptedStore store) {
    for (String path : List.copyOf(closedElsewhere)) {
      store.drop(path);
      closedElsewhere.remove(path);
    }
  }

  @Override
  public void changed(ScriptedStore store, String path, @Nullable String value) {
    if (path.matches("/local/domain/[0-9]+/backend/.*/state")) {
      if (!path.contains("/console/")) {
        state(store, path, value == null ? "" : value);
      }
    } else if (path.endsWith("/console/tty") && "".equals(value) && consoleDaemon) {
      store.put(path, "/dev/pts/0");
    }
  }

  private void state(ScriptedStore store, String path, String state) {
    if (state.equals("1") && stuckOnAdd.stream().noneMatch(path::contains)) {
      store.put(path, "2");
    } else if (state.equals("5") && stuckOnRemove.stream().noneMatch(path::contains)) {
      store.put(path, "6");
      if (!path.startsWith("/local/domain/0/")) {
        closedElsewhere.add(path.substring(0, path.lastIndexOf('/')));
      }
    }
  }
}
