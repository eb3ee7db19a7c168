package dev.xenbus.guest.command;

import java.util.ArrayList;
import java.util.List;

/// The options of commands that read a stretch of disks.
///
/// @param skip bytes to skip
/// @param bytes how many to read, -1 for all
/// @param files which disks
record RangeOptions(long skip, long bytes, List<String> files) {
  static RangeOptions parse(List<String> arguments, int filesMin, int filesMax)
      throws UsageException {
    long skip = 0;
    long bytes = -1;
    List<String> files = new ArrayList<>();
    int at = 0;
    while (at < arguments.size()) {
      String word = arguments.get(at++);
      if (word.equals("-i") || word.equals("-n")) {
        if (at == arguments.size()) {
          throw new UsageException("option requires an argument -- '" + word.charAt(1) + "'");
        }
        long value = Sizes.parse(arguments.get(at++));
        skip = word.equals("-i") ? value : skip;
        bytes = word.equals("-n") ? value : bytes;
      } else if (word.startsWith("-")) {
        throw new UsageException("invalid option -- '" + word + "'");
      } else {
        files.add(word);
      }
    }
    if (files.size() < filesMin) {
      throw new UsageException("missing operand");
    }
    if (files.size() > filesMax) {
      throw new UsageException("extra operand '" + files.get(filesMax) + "'");
    }
    return new RangeOptions(skip, bytes, files);
  }
}
