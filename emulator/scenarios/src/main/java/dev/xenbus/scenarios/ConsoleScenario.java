package dev.xenbus.scenarios;

import dev.xenbus.emulator.Dom0;
import dev.xenbus.linux.api.TextOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// A scenario on a dom0 that runs already. Its guests are counted from 1, so it wants a dom0 that
/// has not created any.
public final class ConsoleScenario {
  private ConsoleScenario() {}

  /// Plays it.
  ///
  /// @return the exit code: 0 if every expectation held, else 1
  public static int play(Dom0 dom0, Scenario scenario, TextOutput out, TextOutput err) {
    Dispatcher dispatcher = dispatcherOf(dom0);
    if (!scenario.dispatchers().contains(dispatcher)) {
      err.println(
          "scenario: " + scenario.name() + " is not for a dom0 with " + dispatcher.parameter());
      return 1;
    }
    try {
      Path folder = Files.createTempDirectory("xenemu-scenario");
      try {
        Script script = new Script(dom0, dispatcher, folder, out);
        scenario.body().play(script);
        List<String> broken = script.verdict().broken();
        broken.forEach(what -> err.println("scenario: NOT AS EXPECTED: " + what));
        out.println(
            "%d of %d expectations held"
                .formatted(
                    script.verdict().checks().size() - broken.size(),
                    script.verdict().checks().size()));
        return broken.isEmpty() ? 0 : 1;
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      err.println("scenario: no folder for the guests' files: " + e.getMessage());
      return 1;
    }
  }

  private static Dispatcher dispatcherOf(Dom0 dom0) {
    return switch (dom0.mtwatch()) {
      case OFF -> Dispatcher.SINGLE;
      case SERIES -> Dispatcher.SERIES;
      case SUMMIT -> Dispatcher.SUMMIT;
    };
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
