package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;
import java.util.Optional;

/// `xenstore-watch`: prints the paths of events until a signal comes.
public final class XenstoreWatch extends StoreCommand {
  /// Makes the command.
  public XenstoreWatch() {
    super("xenstore-watch", "Print what happens to nodes", "nds", "[-h] [-n NR] [-d depth] key");
  }

  @Override
  boolean takes(int words) {
    return words >= 1;
  }

  @Override
  int run(Run run) throws IOException {
    Optional<Integer> depth = run.arguments().number('d');
    int most = run.arguments().number('n').orElse(-1);
    for (String key : run.arguments().rest()) {
      try {
        if (depth.isPresent()) {
          run.client().watch(key, key, depth.get());
        } else {
          run.client().watch(key, key);
        }
      } catch (XenstoreException e) {
        throw new Failure("Unable to add watch on " + key + "\n");
      }
    }
    for (int seen = 0; most < 0 || seen < most; seen++) {
      run.out().println(run.client().awaitEvent().path());
    }
    return 0;
  }
}
