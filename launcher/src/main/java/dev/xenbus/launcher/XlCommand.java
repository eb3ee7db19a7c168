package dev.xenbus.launcher;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jline.utils.Signals;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `xenemu xl`: one `xl` command in the running emulator.
@Command(name = "xl", header = "One xl command in the running emulator: xenemu xl list.")
final class XlCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ARGUMENT", description = "As of xl.")
  private List<String> arguments = new ArrayList<>();

  /// Made by picocli.
  XlCommand() {}

  @Override
  public Integer call() throws IOException, UsageException {
    String line =
        arguments.stream().map(XlCommand::quote).collect(Collectors.joining(" ", "xl ", ""));
    try (ControlClient client = ShCommand.connect(Optional.empty())) {
      Signals.register("INT", client::interrupt);
      return client.run(line, System.out, System.err);
    }
  }

  private static String quote(String argument) {
    return "\"" + argument.replace("\\", "\\\\").replace("\"", "\\\"").replace("$", "\\$") + "\"";
  }
}
