package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.xenstore.client.StoreOperations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// `xenstore-write`: sets values.
public final class XenstoreWrite extends StoreCommand {
  /// Makes the command.
  public XenstoreWrite() {
    super("xenstore-write", "Set values of the store", "sR", "[-h] [-s] [-R] key value [...]");
  }

  @Override
  boolean takes(int words) {
    return words >= 2 && words % 2 == 0;
  }

  @Override
  int run(Run run) throws IOException {
    List<String> words = run.arguments().rest();
    boolean raw = run.arguments().has('R');
    if (words.size() == 2) {
      write(run.client(), words, 0, raw);
    } else {
      inTransaction(
          run,
          (store, out) -> {
            for (int i = 0; i < words.size(); i += 2) {
              write(store, words, i, raw);
            }
          });
    }
    return 0;
  }

  private static void write(StoreOperations store, List<String> words, int at, boolean raw)
      throws IOException {
    String text = words.get(at + 1);
    byte[] value = raw ? text.getBytes(StandardCharsets.UTF_8) : Values.unescaped(text);
    try {
      store.writeBytes(words.get(at), value);
    } catch (XenstoreException e) {
      throw new Failure("could not write path " + words.get(at));
    }
  }
}
