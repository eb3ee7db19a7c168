package dev.xenbus.linux.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;

import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.shell.ShellSyntax.Command;
import dev.xenbus.linux.shell.ShellSyntax.SyntaxException;
import dev.xenbus.linux.shell.ShellSyntax.When;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShellSyntaxTest {
  private static List<String> words(Command command) {
    Map<String, String> variables = Map.of("?", "3", "NAME", "a b");
    return ShellWord.expandAll(
        command.words(), name -> variables.getOrDefault(name, ""), mock(KernelFiles.class));
  }

  private static List<String> words(String line) throws SyntaxException {
    List<Command> commands = ShellSyntax.parse(line);
    assertEquals(1, commands.size());
    return words(commands.getFirst());
  }

  @Test
  void emptyLinesAndCommentsMeanNothing() throws SyntaxException {
    assertEquals(List.of(), ShellSyntax.parse(""));
    assertEquals(List.of(), ShellSyntax.parse("   # a comment; with > all & sorts"));
  }

  @Test
  void quotesKeepBlanksAndSpecialCharacters() throws SyntaxException {
    assertEquals(
        List.of("xl", "console", "1", "-c", "ping -c 1 10.0.0.1; true"),
        words("xl console 1 -c 'ping -c 1 10.0.0.1; true'"));
    assertEquals(List.of("echo", "a\"b", "c d"), words("echo \"a\\\"b\" c\\ d"));
  }

  @Test
  void variablesAreExpandedOutsideOfSingleQuotes() throws SyntaxException {
    assertEquals(List.of("echo", "3", "xa by", "$NAME"), words("echo $? \"x$NAME\"y '$NAME'"));
  }

  @Test
  void redirectsTakeTheNextWord() throws SyntaxException {
    Command command = ShellSyntax.parse("echo 1 > /sys/kernel/xwstall/eavesdrop").getFirst();
    assertEquals(List.of("echo", "1"), words(command));
    assertEquals("/sys/kernel/xwstall/eavesdrop", command.redirect().orElseThrow().toString());
  }

  @Test
  void connectorsSayWhenTheNextCommandRuns() throws SyntaxException {
    List<Command> commands = ShellSyntax.parse("a && b || c; d & e");
    assertEquals(
        List.of(When.ALWAYS, When.IF_DONE, When.IF_FAILED, When.ALWAYS, When.ALWAYS),
        commands.stream().map(Command::when).toList());
    assertTrue(commands.get(3).background());
    assertEquals("d", commands.get(3).text());
  }

  @Test
  void pipesFeedFilters() throws SyntaxException {
    Command command = ShellSyntax.parse("dmesg | grep xwstall | tail -n 2").getFirst();
    assertEquals(2, command.filters().size());
    assertEquals("b\n", Filters.apply(List.of("grep", "b"), "a\nb\n"));
    assertEquals("b\nc\n", Filters.apply(List.of("tail", "-n", "2"), "a\nb\nc\n"));
    assertEquals("2\n", Filters.apply(List.of("wc", "-l"), "a\nb\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '%',
      value = {
        "echo 'abc % column 6: the quote ' is not closed",
        "echo > % column 6: > wants a file name behind it",
        "a && % column 5: a command is missing here",
        "| a % column 1: a command is missing here",
        "& % column 1: a command is missing here",
        "cat < a % column 5: reading from files is not supported"
      },
      quoteCharacter = '`')
  void whatMeansNothingIsSaidWithItsColumn(String line, String message) {
    SyntaxException e = assertThrows(SyntaxException.class, () -> ShellSyntax.parse(line.strip()));
    assertEquals(message, e.getMessage());
  }
}
