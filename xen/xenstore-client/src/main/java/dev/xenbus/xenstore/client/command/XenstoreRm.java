package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.xenstore.client.StoreOperations;
import java.io.IOException;

/// `xenstore-rm`: removes nodes, and with `-t` the empty ones above.
public final class XenstoreRm extends StoreCommand {
  /// Makes the command.
  public XenstoreRm() {
    super("xenstore-rm", "Remove nodes of the store", "st", "[-h] [-s] [-t] key [...]");
  }

  @Override
  boolean takes(int words) {
    return words >= 1;
  }

  @Override
  int run(Run run) throws IOException {
    inTransaction(
        run,
        (store, out) -> {
          for (String key : run.arguments().rest()) {
            remove(store, key);
            if (run.arguments().has('t')) {
              tidy(store, key);
            }
          }
        });
    return 0;
  }

  private static void remove(StoreOperations store, String key) throws IOException {
    try {
      store.rm(key);
    } catch (XenstoreException e) {
      throw new Failure("could not remove path " + key);
    }
  }

  private static void tidy(StoreOperations store, String key) throws IOException {
    String path = key;
    for (int slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/')) {
      path = path.substring(0, slash);
      try {
        if (store.readBytes(path).length > 0 || !store.directory(path).isEmpty()) {
          return;
        }
        store.rm(path);
      } catch (XenstoreException e) {
        throw new Failure("could not remove path " + path);
      }
    }
  }
}
