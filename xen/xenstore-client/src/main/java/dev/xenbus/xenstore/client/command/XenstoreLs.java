package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.xenstore.client.StoreOperations;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/// `xenstore-ls`: prints a part of the tree.
public final class XenstoreLs extends StoreCommand {
  /// Columns where standard output is no terminal.
  private static final int WIDTH = 80;

  /// The column to which lines are padded before permissions.
  private static final int PERMISSIONS_COLUMN = 60;

  /// Columns that ` = "..."` takes beside the value.
  private static final int TAG = 8;

  /// Makes the command.
  public XenstoreLs() {
    super("xenstore-ls", "Print a part of the store's tree", "fps", "[-h] [-f] [-p] [-s] [path]");
  }

  @Override
  boolean takes(int words) {
    return true;
  }

  /// Children that are still to be printed, below one node.
  private record Level(String path, Iterator<String> names) {
    String pathOf(String name) {
      return path.endsWith("/") ? path + name : path + "/" + name;
    }
  }

  @Override
  int run(Run run) throws IOException {
    List<String> words = run.arguments().rest();
    for (String top : words.isEmpty() ? List.of("/") : words) {
      list(run, top);
    }
    return 0;
  }

  private static void list(Run run, String top) throws IOException {
    Deque<Level> levels = new ArrayDeque<>();
    try {
      levels.push(new Level(top, run.client().directory(top).iterator()));
    } catch (XenstoreException e) {
      throw new Failure("xs_directory (" + top + "): " + Failure.reason(e));
    }
    while (!levels.isEmpty()) {
      Level level = levels.element();
      if (!level.names.hasNext()) {
        levels.pop();
        continue;
      }
      String name = level.names.next();
      String path = level.pathOf(name);
      print(run, levels.size() - 1, name, path);
      descend(run, levels, path);
    }
  }

  /// Nodes that vanish during the walk are passed over.
  private static void descend(Run run, Deque<Level> levels, String path) throws IOException {
    try {
      levels.push(new Level(path, run.client().directory(path).iterator()));
    } catch (XenstoreException e) {
      if (e.errno() != Errno.ENOENT) {
        throw new Failure("xs_directory (" + path + "): " + Failure.reason(e));
      }
    }
  }

  /// Mirrors `do_ls` (`tools/xs-clients/xenstore_client.c`).
  private static void print(Run run, int depth, String name, String path) throws IOException {
    boolean full = run.arguments().has('f');
    boolean permissions = run.arguments().has('p');
    StringBuilder line = new StringBuilder();
    line.append(full ? path : " ".repeat(depth) + name);
    Optional<byte[]> read = read(run.client(), path);
    if (read.isEmpty()) {
      run.out().println(line.append(':').toString());
      return;
    }
    byte[] bytes = read.get();
    String value = Values.sanitised(bytes);
    if (!full && WIDTH < line.length() + bytes.length + TAG) {
      int room = Math.max(0, WIDTH - TAG - line.length());
      line.append(" = \"").append(value, 0, Math.min(room, value.length())).append("\\...\"");
    } else {
      line.append(" = \"").append(value).append('"');
      if (permissions) {
        pad(line, full ? 0 : PERMISSIONS_COLUMN);
      }
    }
    if (permissions) {
      line.append("  (").append(run.client().getPermissions(path)).append(')');
    }
    run.out().println(line.toString());
  }

  private static void pad(StringBuilder line, int column) {
    line.append(' ');
    while (line.length() < column) {
      line.append((line.length() & 1) == 1 ? '.' : ' ');
    }
  }

  private static Optional<byte[]> read(StoreOperations store, String path) throws IOException {
    try {
      return Optional.of(store.readBytes(path));
    } catch (XenstoreException e) {
      return Optional.empty();
    }
  }
}
