package dev.xenbus.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.guest.ShellWords.Command;
import dev.xenbus.guest.ShellWords.SyntaxException;
import dev.xenbus.guest.ShellWords.When;
import dev.xenbus.linux.api.ShellWord;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShellWordsTest {
  private static List<String> words(String line) throws SyntaxException {
    return ShellWords.parse(line).getFirst().words().stream().map(ShellWord::toString).toList();
  }

  @Test
  void wordsAreApartBySpacesUnlessQuoted() throws SyntaxException {
    assertEquals(List.of("a", "b c", "d e", "f g"), words(" a 'b c' \"d e\"  f\\ g # h"));
    assertEquals(List.of("ab c", ""), words("a'b c' ''"));
  }

  @Test
  void emptyLinesAndCommentsAreNothing() throws SyntaxException {
    assertTrue(ShellWords.parse("").isEmpty());
    assertTrue(ShellWords.parse("  # what").isEmpty());
  }

  @Test
  void operatorsJoinCommands() throws SyntaxException {
    List<Command> commands = ShellWords.parse("a; b && c || d & e");
    assertEquals(
        List.of(When.ALWAYS, When.ALWAYS, When.SUCCESS, When.FAILURE, When.ALWAYS),
        commands.stream().map(Command::when).toList());
    assertTrue(commands.get(3).isBackground());
  }

  @Test
  void outputGoesToAFile() throws SyntaxException {
    for (String line : List.of("echo 1 >/sys/x", "echo 1> /sys/x")) {
      Optional<ShellWord> output = ShellWords.parse(line).getFirst().output();
      assertEquals(Optional.of("/sys/x"), output.map(ShellWord::toString));
    }
  }

  @Test
  void nonsenseIsRefused() {
    for (String line : List.of("; a", "a | b", "a ;; b", "a &&", "a >", "> x", "'a", "\"a")) {
      assertThrows(SyntaxException.class, () -> ShellWords.parse(line), line);
    }
  }
}
