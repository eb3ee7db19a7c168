package dev.xenbus.xl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OptionsTest {
  private static Options parse(String... words) throws UsageException {
    return Options.parse("ac:f", Map.of("force", 'f', "command", 'c'), List.of(words));
  }

  @Test
  void optionsMayStandAnywhere() throws UsageException {
    Options options = parse("dom", "-a", "-c", "ping -c 1 x", "rest");
    assertEquals(List.of("dom", "rest"), options.arguments());
    assertTrue(options.has('a'));
    assertEquals(Optional.of("ping -c 1 x"), options.value('c'));
  }

  @Test
  void lettersMayBeJoinedAndLongNamesTakeAnEqualsSign() throws UsageException {
    assertEquals(Optional.of("x"), parse("-acx").value('c'));
    assertEquals(Optional.of("y"), parse("--command=y").value('c'));
    assertEquals(Optional.of("z"), parse("--command", "z").value('c'));
    assertEquals(List.of("-a"), parse("--", "-a").arguments());
  }

  @Test
  void unknownOptionIsBadUsage() {
    UsageException e = assertThrows(UsageException.class, () -> parse("-x"));
    assertEquals("option `x' not supported.", e.text());
    assertEquals(2, e.exitCode());
  }
}
