package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;

/// `xenstore-exists`: answers with its exit code.
public final class XenstoreExists extends StoreCommand {
  /// Makes the command.
  public XenstoreExists() {
    super(
        "xenstore-exists", "Exit with 0 if there are such nodes", "s", "[-h] [-p] [-s] key [...]");
  }

  @Override
  boolean takes(int words) {
    return words >= 1;
  }

  @Override
  int run(Run run) throws IOException {
    return run.client()
        .transaction(
            store -> {
              for (String key : run.arguments().rest()) {
                try {
                  store.readBytes(key);
                } catch (XenstoreException e) {
                  return 1;
                }
              }
              return 0;
            });
  }
}
