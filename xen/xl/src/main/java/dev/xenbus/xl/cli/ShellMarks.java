package dev.xenbus.xl.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/// Finds a command's output between a shell's marks in a stream of bytes: what lies before the
/// first `ESC ] 133 ; C BEL` is dropped, `ESC ] 133 ; D ; <exit code> BEL` ends it. Marks of other
/// kinds are dropped; what only begins like one is output.
///
/// The guest writes the stream: a mark that does not end is bounded.
final class ShellMarks {
  private static final int MARK_BYTES_MAX = 32;
  private static final byte ESC = 0x1b;
  private static final byte BEL = 0x07;
  private static final String PREFIX = "\u001b]133;";
  private static final int EXIT_UNKNOWN = 1;

  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final StringBuilder mark = new StringBuilder();
  private boolean begun;
  private OptionalInt exitCode = OptionalInt.empty();

  /// Takes bytes.
  ///
  /// @return the output that is complete with them; a character that is cut comes with its rest
  String feed(byte[] bytes, int length) {
    for (int i = 0; i < length && exitCode.isEmpty(); i++) {
      take(bytes[i]);
    }
    return complete();
  }

  private void take(byte b) {
    if (b == ESC || (mark.isEmpty() && b != ESC)) {
      flushMark();
    }
    if (b != ESC && mark.isEmpty()) {
      put(b);
      return;
    }
    mark.append((char) (b & 0xff));
    if (b == BEL && mark.length() > PREFIX.length()) {
      mark(mark.substring(PREFIX.length(), mark.length() - 1));
      mark.setLength(0);
    } else if (!isMarkSoFar()) {
      flushMark();
    }
  }

  private boolean isMarkSoFar() {
    return mark.length() <= PREFIX.length()
        ? PREFIX.startsWith(mark.toString())
        : mark.length() < MARK_BYTES_MAX;
  }

  // It was none: its bytes are output.
  private void flushMark() {
    for (int i = 0; i < mark.length(); i++) {
      put((byte) mark.charAt(i));
    }
    mark.setLength(0);
  }

  private void mark(String text) {
    if (text.equals("C")) {
      begun = true;
    } else if (begun && (text.equals("D") || text.startsWith("D;"))) {
      String code = text.length() > 2 ? text.substring(2) : "";
      exitCode = OptionalInt.of(code.matches("\\d{1,3}") ? Integer.parseInt(code) : EXIT_UNKNOWN);
    }
  }

  private void put(byte b) {
    if (begun) {
      output.write(b);
    }
  }

  // Bytes of a character whose rest is to come stay.
  private String complete() {
    byte[] all = output.toByteArray();
    int end = exitCode.isPresent() ? all.length : endOfWhole(all);
    output.reset();
    output.write(all, end, all.length - end);
    return new String(all, 0, end, StandardCharsets.UTF_8);
  }

  private static int endOfWhole(byte[] all) {
    int lead = all.length - 1;
    int behind = 0;
    while (lead >= 0 && (all[lead] & 0xc0) == 0x80 && behind < 3) {
      lead--;
      behind++;
    }
    if (lead < 0) {
      return all.length;
    }
    int b = all[lead] & 0xff;
    int needed = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : b >= 0xc0 ? 1 : 0;
    return behind < needed ? lead : all.length;
  }

  /// Returns whether the output has begun.
  boolean hasBegun() {
    return begun;
  }

  /// Returns the command's exit code once it has ended.
  OptionalInt exitCode() {
    return exitCode;
  }
}
