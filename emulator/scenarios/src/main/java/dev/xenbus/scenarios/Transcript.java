package dev.xenbus.scenarios;

import dev.xenbus.emulator.Dom0;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.shell.Shell;
import java.nio.file.Path;
import java.util.List;

/// Types lines at a dom0 console and shows them with what they print, as a terminal would.
final class Transcript {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final Dom0 dom0;
  private final TextOutput screen;
  private final Shell shell;
  private StringBuilder out = new StringBuilder();
  private StringBuilder err = new StringBuilder();

  /// What a line did.
  ///
  /// @param exit its exit code
  /// @param out what it printed on standard output
  /// @param err what it printed on standard error
  /// @param nanos how long it took, in the machine's time
  record Done(int exit, String out, String err, long nanos) {
    /// Returns the lines of standard error.
    List<String> errors() {
      return err.lines().toList();
    }

    /// Returns the time that it took, such as `10.0 s`.
    String time() {
      return seconds(nanos);
    }
  }

  /// Makes a transcript.
  ///
  /// @param folder what file names are relative to
  Transcript(Dom0 dom0, Path folder, TextOutput screen) {
    this.dom0 = dom0;
    this.screen = screen;
    shell =
        dom0.shell(
            folder,
            text -> {
              out.append(text);
              screen.print(text);
            },
            text -> {
              err.append(text);
              screen.print(text);
            },
            screen);
  }

  /// Writes a heading between the commands.
  void say(String text) {
    screen.println("\n# " + text);
  }

  /// Types a line and waits until it is done.
  Done type(String line) {
    screen.println("dom0# " + line);
    out = new StringBuilder();
    err = new StringBuilder();
    long start = dom0.machine().clock().nanos();
    int exit = shell.execute(line);
    Done done =
        new Done(exit, out.toString(), err.toString(), dom0.machine().clock().nanos() - start);
    if (done.nanos() >= NANOS_PER_SECOND && !line.startsWith("sleep")) {
      screen.println("# took " + done.time() + ", exit code " + exit);
    } else if (exit != 0) {
      screen.println("# exit code " + exit);
    }
    return done;
  }

  /// Returns a time such as `10.0 s`.
  static String seconds(long nanos) {
    return "%.1f s".formatted((double) nanos / NANOS_PER_SECOND);
  }
}
