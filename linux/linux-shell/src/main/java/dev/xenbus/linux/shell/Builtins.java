package dev.xenbus.linux.shell;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.TreeMap;

/// What the shell does itself.
final class Builtins {
  /// Names and one line of help each.
  static final SequencedMap<String, String> HELP = help();

  private Builtins() {}

  private static SequencedMap<String, String> help() {
    SequencedMap<String, String> help = new LinkedHashMap<>();
    help.put(
        "echo", "print its arguments; -n without the end of the line; with > FILE into a file");
    help.put("exit", "end the shell, with the given exit code");
    help.put("help", "list the commands; COMMAND --help says more of one");
    help.put("jobs", "list the background jobs");
    help.put("wait", "wait for background jobs, all of them or %N");
    return java.util.Collections.unmodifiableSequencedMap(help);
  }

  static SequencedMap<String, String> sorted(SequencedMap<String, String> map) {
    return new LinkedHashMap<>(new TreeMap<>(map));
  }
}
