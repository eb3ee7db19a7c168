package dev.xenbus.launcher;

import dev.xenbus.emulator.Dom0;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.shell.Shell;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.Signals;

/// The interactive console: line editing, history, completion of command names.
final class Terminal {
  private static final String PROMPT = "dom0# ";

  private Terminal() {}

  /// Returns whether a person sits in front of standard input and output.
  static boolean isInteractive() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }

  /// Reads and runs lines until `exit`, Ctrl-D or power-off.
  ///
  /// @return the exit code of the last line
  static int run(Dom0 dom0, Path folder) throws IOException {
    try (org.jline.terminal.Terminal terminal =
        TerminalBuilder.builder().system(true).name("xenemu").build()) {
      TextOutput screen =
          text -> {
            terminal.writer().print(text);
            terminal.writer().flush();
          };
      Shell shell = dom0.shell(folder, screen, screen);
      terminal.handle(
          Signal.INT,
          signal -> {
            screen.println("");
            shell.interrupt();
          });
      Signals.register(
          "TERM",
          () -> {
            dom0.requestPowerOff();
            shell.interrupt();
            terminal.raise(Signal.INT);
          });
      LineReader reader =
          LineReaderBuilder.builder()
              .terminal(terminal)
              .appName("xenemu")
              .completer(new StringsCompleter(shell.help().keySet()))
              .build();
      screen.println("Welcome to dom0. help lists the commands, exit powers off.");
      int exit = 0;
      while (!shell.exitAsked() && !dom0.isPowerOffRequested()) {
        try {
          exit = shell.execute(reader.readLine(PROMPT));
        } catch (UserInterruptException _) {
          exit = Main.INTERRUPTED;
        } catch (EndOfFileException _) {
          return exit;
        }
      }
      return exit;
    }
  }
}
