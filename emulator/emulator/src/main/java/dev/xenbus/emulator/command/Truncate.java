package dev.xenbus.emulator.command;

import dev.xenbus.linux.api.UserCommand;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/// `truncate`: makes disk images, sparse files outside of the emulator.
public final class Truncate implements UserCommand {
  private static final int USAGE = 1;

  /// For the service loader.
  public Truncate() {}

  @Override
  public String name() {
    return "truncate";
  }

  @Override
  public String summary() {
    return "make a disk image, or set its size";
  }

  @Override
  public String usage() {
    return "usage: truncate -s SIZE[K|M|G] FILE...\n";
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.DOM0);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    if (arguments.size() < 3 || !arguments.getFirst().equals("-s")) {
      context.err().print(usage());
      return USAGE;
    }
    OptionalLong size = bytes(arguments.get(1));
    if (size.isEmpty()) {
      context.err().println("truncate: Invalid number: '" + arguments.get(1) + "'");
      return USAGE;
    }
    int exit = 0;
    for (String name : arguments.subList(2, arguments.size())) {
      Path file = context.file(name);
      try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
        image.setLength(size.getAsLong());
      } catch (IOException e) {
        context
            .err()
            .println("truncate: cannot open '" + name + "' for writing: " + e.getMessage());
        exit = 1;
      }
    }
    return exit;
  }

  private static OptionalLong bytes(String text) {
    if (!text.matches("\\d{1,9}[KMG]?")) {
      return OptionalLong.empty();
    }
    int shift =
        switch (text.charAt(text.length() - 1)) {
          case 'K' -> 10;
          case 'M' -> 20;
          case 'G' -> 30;
          default -> 0;
        };
    String digits = shift == 0 ? text : text.substring(0, text.length() - 1);
    return OptionalLong.of(Long.parseLong(digits) << shift);
  }
}
