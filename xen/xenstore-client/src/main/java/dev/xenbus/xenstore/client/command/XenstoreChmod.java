package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Access;
import dev.xenbus.abi.xenstore.Permission;
import dev.xenbus.abi.xenstore.Permissions;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.xenstore.client.StoreOperations;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// `xenstore-chmod`: sets permissions, with `-u` of everything above too, with `-r` of everything
/// below.
public final class XenstoreChmod extends StoreCommand {
  /// Makes the command.
  public XenstoreChmod() {
    super(
        "xenstore-chmod",
        "Set permissions of nodes",
        "rsu",
        "[-h] [-u] [-r] [-s] key <mode [modes...]>");
  }

  @Override
  boolean takes(int words) {
    return words >= 1;
  }

  @Override
  int run(Run run) throws IOException {
    List<String> words = run.arguments().rest();
    if (words.size() == 1) {
      throw new Failure(refusal(words.getFirst(), Errno.EINVAL.text())); // as the store would say
    }
    Permissions permissions = parse(words.subList(1, words.size()));
    inTransaction(
        run,
        (store, out) -> {
          set(store, words.getFirst(), permissions);
          if (run.arguments().has('u')) {
            setUpwards(store, words.getFirst(), permissions);
          }
          if (run.arguments().has('r')) {
            setBelow(store, words.getFirst(), permissions);
          }
        });
    return 0;
  }

  private static Permissions parse(List<String> words) throws Failure {
    List<Permission> entries = new ArrayList<>();
    for (String word : words) {
      entries.add(parse(word));
    }
    return new Permissions(entries);
  }

  /// A letter and the number that follows: what is no digit ends it, as in the real command.
  private static Permission parse(String word) throws Failure {
    String letter = word.isEmpty() ? "\0" : word.substring(0, 1);
    Access access =
        Access.ofLetter(word.isEmpty() ? 0 : word.charAt(0))
            .orElseThrow(() -> new Failure("Invalid permission specification: '" + letter + "'"));
    int domid = 0;
    for (int i = 1; i < word.length() && Character.digit(word.charAt(i), 10) >= 0; i++) {
      domid = (10 * domid + Character.digit(word.charAt(i), 10)) & 0xFFFF;
    }
    return Permission.of(access, domid);
  }

  private static void set(StoreOperations store, String path, Permissions permissions)
      throws IOException {
    try {
      store.setPermissions(path, permissions);
    } catch (XenstoreException e) {
      throw new Failure(refusal(path, Failure.reason(e)));
    }
  }

  private static String refusal(String path, String reason) {
    return "Error occurred setting permissions on '" + path + "': " + reason;
  }

  private static void setUpwards(StoreOperations store, String key, Permissions permissions)
      throws IOException {
    String path = key;
    for (int slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/')) {
      path = path.substring(0, slash);
      set(store, path, permissions);
    }
  }

  private static void setBelow(StoreOperations store, String key, Permissions permissions)
      throws IOException {
    Deque<String> paths = new ArrayDeque<>();
    paths.add(key);
    while (!paths.isEmpty()) {
      String path = paths.removeFirst();
      for (String child : store.directoryIfPresent(path)) {
        String below = path.endsWith("/") ? path + child : path + "/" + child;
        set(store, below, permissions);
        paths.add(below);
      }
    }
  }
}
