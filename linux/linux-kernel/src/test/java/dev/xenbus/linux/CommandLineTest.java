package dev.xenbus.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.ParameterValues;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CommandLineTest {
  private static final List<KernelParameter> DECLARED =
      List.of(
          parameter("xen_mtwatch", KernelParameter.Type.TEXT, "off"),
          parameter("quiet", KernelParameter.Type.FLAG, "0"),
          parameter("hung_task_timeout_secs", KernelParameter.Type.NUMBER, "120"));
  private static final List<KernelParameter> NETBACK =
      List.of(
          parameter("max_queues", KernelParameter.Type.NUMBER, "4"),
          parameter("separate_tx_rx_irq", KernelParameter.Type.FLAG, "1"));

  private static KernelParameter parameter(
      String name, KernelParameter.Type type, String defaultValue) {
    return new KernelParameter(name, type, defaultValue, "", "help", "source");
  }

  private static CommandLine parse(String text) throws ParameterException {
    return CommandLine.parse(text, DECLARED);
  }

  private static ParameterException refused(String text) {
    return assertThrows(ParameterException.class, () -> parse(text));
  }

  @Test
  void emptyLineLeavesTheDefaults() throws ParameterException {
    ParameterValues values = parse("").values();
    assertEquals("off", values.text("xen_mtwatch"));
    assertFalse(values.flag("quiet"));
    assertEquals(120, values.number("hung_task_timeout_secs"));
  }

  @Test
  void wordsSetValuesAndTheLastOneWins() throws ParameterException {
    ParameterValues values =
        parse("xen_mtwatch quiet hung_task_timeout_secs=5 hung_task_timeout_secs=7").values();
    assertEquals("", values.text("xen_mtwatch"));
    assertTrue(values.flag("quiet"));
    assertEquals(7, values.number("hung_task_timeout_secs"));
  }

  @Test
  void dashAndUnderscoreAreOneInNames() throws ParameterException {
    assertEquals("summit", parse("xen-mtwatch=summit").values().text("xen_mtwatch"));
  }

  @Test
  void quotesKeepSpaces() throws ParameterException {
    assertEquals("a b", parse("xen_mtwatch=\"a b\"").values().text("xen_mtwatch"));
    assertEquals("a b", parse("\"xen_mtwatch=a b\"").values().text("xen_mtwatch"));
  }

  @Test
  void unknownWordNamesItselfItsPlaceAndTheNearestName() {
    ParameterException e = refused("quiet  xen_mtwach=on");
    assertEquals("xen_mtwach=on", e.word());
    assertEquals(2, e.number());
    assertEquals(8, e.column());
    assertEquals(Optional.of("xen_mtwatch"), e.nearest());
    assertEquals(
        "unknown parameter \"xen_mtwach=on\" (word 2, column 8 of the command line);"
            + " did you mean \"xen_mtwatch\"?",
        e.getMessage());
  }

  @Test
  void strangeWordHasNoNearestName() {
    assertEquals(Optional.empty(), refused("elephant").nearest());
  }

  @Test
  void malformedValuesAreRefused() {
    assertEquals("quiet=maybe", refused("quiet=maybe").word());
    for (String number : List.of("", "x", "-1", "1.5", "0x10", "9999999999999999999")) {
      assertEquals(1, refused("hung_task_timeout_secs=" + number).column());
    }
    assertTrue(String.valueOf(refused("hung_task_timeout_secs").getMessage()).startsWith("not a"));
    assertEquals("xen_mtwatch=\"a b", refused("quiet xen_mtwatch=\"a b").word());
  }

  @Test
  void moduleParametersWaitForTheirModule() throws ParameterException {
    CommandLine line = parse("xen_netback.max_queues=2 xen-netback.separate_tx_rx_irq=0");
    assertEquals(List.of("xen_netback"), List.copyOf(line.modules()));
    ParameterValues values = line.module("xen_netback", NETBACK);
    assertEquals(2, values.number("max_queues"));
    assertFalse(values.flag("separate_tx_rx_irq"));
    assertEquals(4, parse("").module("xen_netback", NETBACK).number("max_queues"));
  }

  @Test
  void unknownModuleParameterIsRefusedWhenTheModuleLoads() throws ParameterException {
    CommandLine line = parse("quiet xen_netback.max_queus=2");
    ParameterException e =
        assertThrows(ParameterException.class, () -> line.module("xen_netback", NETBACK));
    assertEquals(2, e.number());
    assertEquals(7, e.column());
    assertEquals(Optional.of("xen_netback.max_queues"), e.nearest());
  }

  @Test
  void wordsAfterTwoDashesAreNotTheKernels() throws ParameterException {
    CommandLine line = parse("quiet -- single elephant");
    assertEquals(List.of("single", "elephant"), line.initWords());
  }

  @Test
  void undeclaredNameIsAMistakeOfTheCaller() throws ParameterException {
    ParameterValues values = parse("").values();
    assertThrows(IllegalArgumentException.class, () -> values.flag("elephant"));
    assertThrows(IllegalArgumentException.class, () -> values.flag("hung_task_timeout_secs"));
  }

  @Test
  void guestsLineIsReadLeniently() {
    CommandLine line =
        CommandLine.lenient("elephant quiet hung_task_timeout_secs=x \"open quote", DECLARED);
    assertTrue(line.values().flag("quiet"));
    assertEquals(120, line.values().number("hung_task_timeout_secs"));
    assertEquals(3, line.warnings().size());
    assertTrue(line.initWords().contains("elephant"));
  }
}
