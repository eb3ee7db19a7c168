package dev.xenbus.xl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ShellMarksTest {
  private static final String BEGIN = "\u001b]133;C\u0007";
  private final ShellMarks marks = new ShellMarks();

  private String feed(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return marks.feed(bytes, bytes.length);
  }

  @Test
  void outputLiesBetweenTheMarks() {
    assertEquals("", feed("ping 1\r\n"));
    assertFalse(marks.hasBegun());
    assertEquals("one\n", feed(BEGIN + "one\n"));
    assertTrue(marks.hasBegun());
    assertEquals("two\n", feed("two\n\u001b]133;D;3\u0007\u001b]133;A\u0007# "));
    assertEquals(OptionalInt.of(3), marks.exitCode());
  }

  @Test
  void endOfAnEarlierCommandIsNotOurs() {
    assertEquals("", feed("\u001b]133;D;130\u0007# "));
    assertEquals(OptionalInt.empty(), marks.exitCode());
  }

  @Test
  void marksAndCharactersMayComeByteByByte() {
    StringBuilder output = new StringBuilder();
    byte[] all = (BEGIN + "h\u00e9\u20ac!\u001b]133;D;0\u0007").getBytes(StandardCharsets.UTF_8);
    for (byte b : all) {
      output.append(marks.feed(new byte[] {b}, 1));
    }
    assertEquals("h\u00e9\u20ac!", output.toString());
    assertEquals(OptionalInt.of(0), marks.exitCode());
  }

  @Test
  void otherEscapesAreOutput() {
    assertEquals(
        "\u001b[1mbold\u001b\u001b]0;t\u0007x",
        feed(BEGIN + "\u001b[1mbold\u001b\u001b]0;t\u0007x"));
  }

  @Test
  void markThatNeverEndsIsBounded() {
    String endless = "\u001b]133;" + "9".repeat(100);
    assertEquals(endless, feed(BEGIN + endless));
  }

  @Test
  void exitCodeThatIsNoneCountsAsFailure() {
    feed(BEGIN + "\u001b]133;D;x\u0007");
    assertEquals(OptionalInt.of(1), marks.exitCode());
  }
}
