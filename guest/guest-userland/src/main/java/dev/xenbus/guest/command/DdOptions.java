package dev.xenbus.guest.command;

import java.util.List;

/// The operands of `dd`.
///
/// @param input where data come from
/// @param output where they go
/// @param blockBytes bytes of a block
/// @param count blocks to copy; negative for all
/// @param skip blocks to skip in the input
/// @param seek blocks to skip in the output
/// @param depth blocks that are under way at once
/// @param flushes whether the output is made durable at the end
/// @param isSilent whether there is no summary
record DdOptions(
    String input,
    String output,
    int blockBytes,
    long count,
    long skip,
    long seek,
    int depth,
    boolean flushes,
    boolean isSilent) {
  /// Most blocks under way.
  static final int DEPTH_MAX = 1024;

  /// Largest block.
  static final int BLOCK_BYTES_MAX = 16 << 20;

  /// Most bytes under way.
  static final long BUFFER_BYTES_MAX = 64 << 20;

  private static final int BLOCK_BYTES_DEFAULT = 512;
  private static final long BLOCKS_MAX = Long.MAX_VALUE / BLOCK_BYTES_MAX / 2;

  static DdOptions parse(List<String> operands) throws UsageException {
    String input = "";
    String output = "/dev/stdout";
    long blockBytes = BLOCK_BYTES_DEFAULT;
    long count = -1;
    long skip = 0;
    long seek = 0;
    long depth = 1;
    boolean flushes = false;
    boolean isSilent = false;
    for (String operand : operands) {
      int equals = operand.indexOf('=');
      String name = equals < 0 ? operand : operand.substring(0, equals);
      String value = equals < 0 ? "" : operand.substring(equals + 1);
      switch (name) {
        case "if" -> input = value;
        case "of" -> output = value;
        case "bs", "ibs", "obs" -> blockBytes = within(name, value, 1, BLOCK_BYTES_MAX);
        case "count" -> count = within(name, value, 0, BLOCKS_MAX);
        case "skip", "iseek" -> skip = within(name, value, 0, BLOCKS_MAX);
        case "seek", "oseek" -> seek = within(name, value, 0, BLOCKS_MAX);
        case "depth" -> depth = within(name, value, 1, DEPTH_MAX);
        case "iflag", "oflag" -> oneOf("flag", value, "direct", "sync", "dsync", "fullblock");
        case "conv" -> {
          oneOf("conversion", value, "fsync", "fdatasync", "notrunc", "noerror");
          flushes = value.contains("sync");
        }
        case "status" -> {
          oneOf("status level", value, "none", "noxfer", "progress");
          isSilent = value.equals("none");
        }
        default -> throw new UsageException("unrecognized operand '" + operand + "'");
      }
    }
    if (input.isEmpty()) {
      throw new UsageException("if=FILE is wanted: there is no standard input");
    }
    if (depth * blockBytes > BUFFER_BYTES_MAX) {
      throw new UsageException("memory exhausted: depth x bs is more than 64 MiB");
    }
    return new DdOptions(
        input, output, (int) blockBytes, count, skip, seek, (int) depth, flushes, isSilent);
  }

  private static long within(String name, String value, long min, long max) throws UsageException {
    long number = Sizes.parse(value);
    if (number < min || number > max) {
      throw new UsageException("invalid number: '" + name + "=" + value + "'");
    }
    return number;
  }

  private static void oneOf(String what, String given, String... known) throws UsageException {
    for (String word : given.split(",", -1)) {
      if (!List.of(known).contains(word)) {
        throw new UsageException("invalid " + what + ": '" + word + "'");
      }
    }
  }
}
