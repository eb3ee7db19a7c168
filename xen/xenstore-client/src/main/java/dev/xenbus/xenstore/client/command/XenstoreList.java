package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;
import java.util.List;

/// `xenstore-list`: prints names of children.
public final class XenstoreList extends StoreCommand {
  /// Makes the command.
  public XenstoreList() {
    super("xenstore-list", "Print names of children", "ps", "[-h] [-p] [-s] key [...]");
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
            List<String> names;
            try {
              names = store.directory(key);
            } catch (XenstoreException e) {
              throw new Failure("could not list path " + key);
            }
            for (String child : names) {
              out.append(run.arguments().has('p') ? key + "/" : "").append(child).append('\n');
            }
          }
        });
    return 0;
  }
}
