package dev.xenbus.xl.cli;

import dev.xenbus.linux.api.TextOutput;
import java.util.function.Consumer;

/// Cuts what is written into lines.
///
/// Threads: exclusive to one process.
final class LineLog implements TextOutput {
  private final Consumer<String> lines;
  private final StringBuilder begun = new StringBuilder();

  LineLog(Consumer<String> lines) {
    this.lines = lines;
  }

  @Override
  public void print(String text) {
    begun.append(text);
    int end = begun.indexOf("\n");
    while (end >= 0) {
      lines.accept(begun.substring(0, end));
      begun.delete(0, end + 1);
      end = begun.indexOf("\n");
    }
  }
}
