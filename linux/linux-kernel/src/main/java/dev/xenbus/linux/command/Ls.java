package dev.xenbus.linux.command;

import dev.xenbus.linux.api.KernelException;
import java.util.ArrayList;
import java.util.List;

/// `ls`: lists folders of `/proc`, `/sys` and `/dev`.
public final class Ls extends KernelCommand {
  /// For the service loader.
  public Ls() {
    super(
        "ls",
        "lists folders of /proc, /sys and /dev",
        """
        ls [-F] [FOLDER...]
          -F  folders end in /
        """,
        2);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    boolean isMarked = false;
    List<String> folders = new ArrayList<>();
    for (String word : arguments) {
      if (word.matches("-[1aldF]+")) {
        isMarked |= word.contains("F");
      } else if (word.startsWith("-")) {
        throw new UsageException("invalid option -- '" + word + "'");
      } else {
        folders.add(word);
      }
    }
    if (folders.isEmpty()) {
      folders.add("/");
    }
    int exit = 0;
    for (String folder : folders) {
      if (folders.size() > 1) {
        context.out().println((folder.equals(folders.getFirst()) ? "" : "\n") + folder + ":");
      }
      exit = Math.max(exit, list(context, folder, isMarked));
    }
    return exit;
  }

  private static int list(Context context, String folder, boolean isMarked) {
    try {
      for (String name : context.kernel().files().list(folder)) {
        boolean isFolder = name.endsWith("/");
        context.out().println(isFolder && !isMarked ? name.substring(0, name.length() - 1) : name);
      }
      return 0;
    } catch (KernelException e) {
      return switch (e.errno()) {
        case ENOTDIR -> {
          context.out().println(folder);
          yield 0;
        }
        default -> {
          context.err().println("ls: cannot access '" + folder + "': " + e.errno().text());
          yield 2;
        }
      };
    }
  }
}
