package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.xenstore.client.StoreOperations;
import java.io.IOException;

/// `xenstore-read`: prints values.
public final class XenstoreRead extends StoreCommand {
  /// Makes the command.
  public XenstoreRead() {
    super("xenstore-read", "Print values of the store", "psR", "[-h] [-p] [-s] [-R] key [...]");
  }

  @Override
  boolean takes(int words) {
    return words >= 1;
  }

  @Override
  int run(Run run) throws IOException {
    if (run.arguments().rest().size() == 1) {
      StringBuilder out = new StringBuilder();
      read(run, run.client(), run.arguments().rest().getFirst(), out);
      run.out().print(out.toString());
      return 0;
    }
    inTransaction(
        run,
        (store, out) -> {
          for (String key : run.arguments().rest()) {
            read(run, store, key, out);
          }
        });
    return 0;
  }

  private static void read(Run run, StoreOperations store, String key, StringBuilder out)
      throws IOException {
    byte[] value;
    try {
      value = store.readBytes(key);
    } catch (XenstoreException e) {
      throw new Failure("couldn't read path " + key);
    }
    if (run.arguments().has('p')) {
      out.append(key).append(": ");
    }
    if (run.arguments().has('R')) {
      out.append(Values.raw(value));
    } else {
      out.append(Values.sanitised(value)).append('\n');
    }
  }
}
