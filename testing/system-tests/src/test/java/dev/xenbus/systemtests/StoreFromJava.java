package dev.xenbus.systemtests;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.xenstore.client.Reply;
import dev.xenbus.xenstore.client.Subscription;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The program of `docs/how-to/use-the-store-from-java.md`: names of all guests, a counter, and the
/// next guest that comes.
final class StoreFromJava {
  private StoreFromJava() {}

  static List<String> run(Path socket) throws IOException {
    List<String> told = new ArrayList<>();
    try (XenstoreClient store = XenstoreClient.open(socket)) {
      // One request, and waiting for its answer.
      told.add("dom0 is " + store.read("/local/domain/0/name"));

      // Many requests on their way at once.
      List<Reply<String>> names = new ArrayList<>();
      for (String domid : store.directory("/local/domain")) {
        names.add(store.async().read("/local/domain/" + domid + "/name"));
      }
      for (Reply<String> name : names) {
        told.add("there is " + name.await());
      }

      // A refusal has an errno and a path.
      try {
        told.add(store.read("/local/domain/99/name"));
      } catch (XenstoreException e) {
        if (e.errno() != Errno.ENOENT) {
          throw e;
        }
        told.add("there is no " + e.path());
      }

      // All or nothing, and again if somebody interferes.
      int count =
          store.transaction(
              tx -> {
                int next = 1 + Integer.parseInt(tx.readIfPresent("/tool/runs").orElse("0"));
                tx.write("/tool/runs", Integer.toString(next));
                return next;
              });
      told.add("run number " + count);

      // Wait until a node has the value that is wanted. The first event comes at once.
      try (Subscription watch = store.subscribe("/tool/go")) {
        store.write("/tool/ready", "1");
        do {
          watch.next();
        } while (!store.readIfPresent("/tool/go").orElse("").equals("1"));
      }
      told.add("gone");
    }
    return told;
  }
}
