package dev.xenbus.guest.command;

import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// `cmp`: compares two disks, with the output of GNU cmp.
public final class Cmp implements UserCommand {
  private static final int DIFFERENT = 1;
  private static final int TROUBLE = 2;

  /// For the service loader.
  public Cmp() {}

  @Override
  public String name() {
    return "cmp";
  }

  @Override
  public String summary() {
    return "compares two disks byte by byte";
  }

  @Override
  public String usage() {
    return """
    usage: cmp [-i SKIP] [-n BYTES] DISK DISK
      -i  skip so many bytes of both
      -n  compare so many bytes
    """;
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.DOM0, Place.GUEST);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    RangeOptions options;
    try {
      options = RangeOptions.parse(arguments, 2, 2);
    } catch (UsageException e) {
      context.err().println("cmp: " + e.getMessage());
      return TROUBLE;
    }
    String opening = options.files().getFirst();
    try (DiskRange a = DiskRange.open(context.kernel(), opening, options.skip(), options.bytes())) {
      opening = options.files().getLast();
      try (DiskRange b =
          DiskRange.open(context.kernel(), opening, options.skip(), options.bytes())) {
        return compare(context.out(), options.files(), a, b);
      }
    } catch (KernelException e) {
      context.err().println("cmp: " + opening + ": " + e.errno().text());
      return TROUBLE;
    }
  }

  private static int compare(TextOutput out, List<String> files, DiskRange a, DiskRange b)
      throws KernelException {
    long position = 0;
    long line = 1;
    while (true) {
      byte[] ofA = a.next();
      byte[] ofB = b.next();
      int same = Arrays.mismatch(ofA, ofB);
      int common = same < 0 ? ofA.length : same;
      for (int i = 0; i < common; i++) {
        line += ofA[i] == '\n' ? 1 : 0;
      }
      if (same >= 0 && (same == ofA.length || same == ofB.length)) {
        String shorter = same == ofA.length ? files.getFirst() : files.getLast();
        out.println("cmp: EOF on " + shorter + " after byte " + (position + same));
        return DIFFERENT;
      }
      if (same >= 0) {
        out.printf(
            "%s %s differ: byte %d, line %d\n",
            files.getFirst(), files.getLast(), position + same + 1, line);
        return DIFFERENT;
      }
      if (ofA.length == 0) {
        return 0;
      }
      position += common;
    }
  }
}
