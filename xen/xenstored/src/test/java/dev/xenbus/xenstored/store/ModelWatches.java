package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.List;

/// The model's watches, and the events that wait for its clients.
final class ModelWatches {
  static final int UNLIMITED = -1;

  private record Watch(int client, String path, String shown, String token, int depth) {}

  /// Who may hear of something.
  interface Audience {
    boolean has(int client);
  }

  private final ModelDomains domains;
  private final ModelFault fault;
  private final List<Watch> watches = new ArrayList<>();
  private final List<List<String>> events = new ArrayList<>();

  ModelWatches(ModelDomains domains, ModelFault fault) {
    this.domains = domains;
    this.fault = fault;
    for (int client = 0; client < domains.clients(); client++) {
      events.add(new ArrayList<>());
    }
  }

  /// Returns the events that a client got since the last call, in order.
  List<String> events(int client) {
    List<String> got = List.copyOf(events.get(client));
    events.get(client).clear();
    return got;
  }

  String watch(int client, String shown, String path, String token, int depth) {
    int has = 0;
    for (Watch watch : watches) {
      if (watch.client() == client) {
        has++;
        if (watch.path().equals(path) && watch.token().equals(token)) {
          return "EEXIST";
        }
      }
    }
    if (domains.exceeds(client, Quota.WATCHES, has + 1) && fault != ModelFault.FREE_WATCHES) {
      return "ENOSPC";
    }
    watches.add(new Watch(client, path, shown, token, depth));
    queue(client, shown + " " + token);
    return "OK";
  }

  String unwatch(int client, String path, String token) {
    boolean had =
        watches.removeIf(
            watch ->
                watch.client() == client
                    && watch.path().equals(path)
                    && watch.token().equals(token));
    return had ? "OK" : "ENOENT";
  }

  void reset(int client) {
    watches.removeIf(watch -> watch.client() == client);
  }

  void forget(int client) {
    reset(client);
    events.get(client).clear();
  }

  void fire(String path, Audience audience) {
    for (int client = 0; client < domains.clients(); client++) {
      for (Watch watch : watches) {
        if (watch.client() == client && isAbove(watch.path(), path)) {
          int levels = levels(path) - levels(watch.path());
          boolean deep = watch.depth() != UNLIMITED && levels > watch.depth();
          if (!deep || fault == ModelFault.DEPTH_FORGOTTEN) {
            tell(watch, path, audience);
          }
        }
      }
    }
  }

  void fireExact(String path, Audience audience) {
    if (fault == ModelFault.SILENT_DESCENDANTS) {
      return;
    }
    for (int client = 0; client < domains.clients(); client++) {
      for (Watch watch : watches) {
        if (watch.client() == client && watch.path().equals(path)) {
          tell(watch, path, audience);
        }
      }
    }
  }

  /// A domain is no more: first for those who did not ask which, then for the others.
  void fireRelease(int domid) {
    String name = "@releaseDomain";
    for (Watch watch : watches) {
      if (watch.path().equals(name) && watch.depth() == UNLIMITED) {
        queue(watch.client(), name + " " + watch.token());
      }
    }
    for (Watch watch : watches) {
      if (watch.path().equals(name) && watch.depth() > 0) {
        queue(watch.client(), name + "/" + domid + " " + watch.token());
      }
    }
  }

  private static boolean isAbove(String above, String path) {
    return above.equals("/") || path.equals(above) || path.startsWith(above + "/");
  }

  private static int levels(String path) {
    return path.equals("/") ? 0 : (int) path.chars().filter(c -> c == '/').count();
  }

  private void tell(Watch watch, String path, Audience audience) {
    if (!audience.has(watch.client())) {
      return;
    }
    String home = ModelStore.home(domains.domidOf(watch.client()));
    String shown = watch.shown().startsWith("/") ? path : path.substring(home.length());
    queue(watch.client(), shown + " " + watch.token());
  }

  /// An event that is the same as one that still waits is swallowed.
  private void queue(int client, String event) {
    if (event.startsWith("@") || !events.get(client).contains(event)) {
      events.get(client).add(event);
    }
  }
}
