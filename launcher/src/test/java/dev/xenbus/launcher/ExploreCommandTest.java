package dev.xenbus.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `xenemu explore` with words that mean nothing: one line that says what would be right, and 2.
class ExploreCommandTest {
  private static String refused(String... arguments) {
    StringWriter err = new StringWriter();
    assertEquals(Main.USAGE, Main.run(new PrintWriter(err, true), arguments));
    return err.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          stal                                 | no scenario stal; did you mean stall?
          nothing-like-it                      | no scenario nothing-like-it; xenemu explore lists them
          stall --seeds 0                      | --seeds 0: a number of seeds is wanted, 1 or more
          stall --seeds -3                     | --seeds -3: a number of seeds is wanted, 1 or more
          stall --shrink -1                    | --shrink -1: a number of replays is wanted, 0 or more
          stalls-together --dispatcher single  | stalls-together is for --dispatcher series, summit only
          stall --bugs                         | --bugs: stall finds no known fault
          """)
  void mistakeIsTold(String line, String told) {
    assertEquals(
        "xenemu: " + told + System.lineSeparator(), refused(("explore " + line).split(" ")));
  }

  @Test
  void fileThatIsNoFindingIsNamed(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("f"), "nonsense");
    String told = refused("explore", "--replay", file.toString());
    assertEquals("xenemu: --replay " + file, told.substring(0, told.indexOf(": ", 9)));
  }
}
