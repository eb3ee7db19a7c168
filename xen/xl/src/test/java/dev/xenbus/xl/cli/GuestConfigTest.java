package dev.xenbus.xl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.xenbus.xl.DomainConfig;
import dev.xenbus.xl.DomainType;
import dev.xenbus.xl.ShutdownAction;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GuestConfigTest {
  private static final String GOOD = "name = 'g'\nkernel = '/k'\n";
  private final StringBuilder warnings = new StringBuilder();

  private DomainConfig parse(String text) throws GuestConfigException {
    return GuestConfig.parse("pv.cfg", text, warnings::append);
  }

  private String failure(String text) {
    return assertThrows(GuestConfigException.class, () -> parse(text)).text();
  }

  private static Arguments error(String text, String line) {
    return Arguments.of(text, line);
  }

  static Stream<Arguments> syntaxErrors() {
    String value = "syntax error, unexpected NEWLINE, expecting STRING or NUMBER or '['";
    return Stream.of(
        error("\n\nmemory =\n", "2: config parsing error near <newline>: " + value),
        error("memory =\n", "0: config parsing error near <newline>: " + value),
        error("\n\nmemory = # x\n", "2: config parsing error near `# x': " + value),
        error(
            "\n\nmemory = x\n",
            "3: config parsing error near `x': syntax error, unexpected IDENT,"
                + " expecting STRING or NUMBER or '['"),
        error(
            "a = 1 b = 2\n",
            "1: config parsing error near `b': syntax error, unexpected IDENT, expecting $end"),
        error(
            "memory\n",
            "0: config parsing error near <newline>: syntax error, unexpected NEWLINE,"
                + " expecting += or '='"),
        error(
            "disk = [ 'a'",
            "1: config parsing error near `': syntax error, unexpected $end, expecting ']'"),
        error(
            "disk = [ 'a' x ]\n",
            "1: config parsing error near `x': syntax error, unexpected IDENT, expecting ']'"),
        error(
            "= 5\n",
            "1: config parsing error near `=': syntax error, unexpected '=',"
                + " expecting $end or IDENT or NEWLINE or ';'"),
        error("a = %\n", "1: config parsing error near `%': lexical error"),
        error("a = \"a\n", "1: config parsing error near `\"a': lexical error"),
        error("Memory = 1\n", "1: config parsing error near `Memory': lexical error"),
        error(
            "a = \"a\\qb\"\n",
            "1: config parsing error near `\"a\\qb\"':"
                + " invalid character after backlash in quoted string"),
        error(
            "x = \"a\"\nx += [ 'b' ]\n",
            "2: config parsing error near `]': can't add [list] to \"string\" or vice versa"));
  }

  @ParameterizedTest
  @MethodSource("syntaxErrors")
  void syntaxErrorNamesTheTokenAndWhatWasExpected(String text, String line) {
    assertEquals("pv.cfg:" + line + "\nFailed to parse config: Invalid argument", failure(text));
  }

  @Test
  void whatLooksLikePythonGetsThreeMoreLines() {
    assertEquals(
        """
        pv.cfg:1: config parsing error near `(5)': lexical error
        warning: Config file looks like it contains Python code.
        warning:  Arbitrary Python is no longer supported.
        warning:  See https://wiki.xen.org/wiki/PythonInXlConfig
        Failed to parse config: Invalid argument""",
        failure("memory = (5)\n"));
  }

  static Stream<Arguments> semanticErrors() {
    return Stream.of(
        error("kernel = '/k'", "Domain name must be specified."),
        error(GOOD + "type = 'foo'", "Invalid domain type foo."),
        error(
            GOOD + "type = 'pv'\nbuilder = 'hvm'",
            "Contradicting \"builder\" and \"type\" options specified."),
        error(GOOD + "uuid = 'zz'", "Failed to parse UUID: zz"),
        error(GOOD + "vcpus = 2\nmaxvcpus = 1", "xl: maxvcpus < vcpus"),
        error("name = 'g'", "Neither kernel nor bootloader specified"),
        error(GOOD + "firmware = 'x'", "ERROR: both kernel and firmware specified"),
        error(GOOD + "on_crash = 'foo'", "Unknown on_crash action \"foo\" specified"),
        error(GOOD + "max_grant_frames = \"-1\"", ""));
  }

  @ParameterizedTest
  @MethodSource("semanticErrors")
  void semanticErrorIsOneLine(String text, String line) {
    assertEquals(line, failure(text));
  }

  @Test
  void defaultsAreThoseOfTheManual() throws GuestConfigException {
    DomainConfig config = parse(GOOD);
    assertEquals(DomainType.PV, config.type());
    assertEquals(32, config.memoryMib());
    assertEquals(32, config.memoryMaxMib());
    assertEquals(1, config.vcpus());
    assertEquals(Optional.empty(), config.uuid());
    assertEquals(
        Map.of(
            0, ShutdownAction.DESTROY,
            1, ShutdownAction.RESTART,
            3, ShutdownAction.DESTROY,
            4, ShutdownAction.DESTROY,
            5, ShutdownAction.SOFT_RESET),
        config.actions());
  }

  @Test
  void lastSettingCountsAndAddingAppends() throws GuestConfigException {
    DomainConfig config =
        parse(GOOD + "memory = 64; memory = 0x80\nextra = 'a'\nextra += \" b\"\nvcpus = 010");
    assertEquals(128, config.memoryMib());
    assertEquals("a b", config.boot().commandLine());
    assertEquals(8, config.vcpus());
  }

  @Test
  void anyPrefixOfATypeIsTaken() throws GuestConfigException {
    assertEquals(DomainType.PV, parse(GOOD + "type = 'p'").type());
    assertEquals(DomainType.PVH, parse(GOOD + "type = 'pvh'").type());
    assertEquals(DomainType.HVM, parse(GOOD + "type = 'h'").type());
    assertEquals(DomainType.PV, parse(GOOD + "builder = 'gen'").type());
  }

  @Test
  void rootAndExtraAreJoinedUnlessThereIsACommandLine() throws GuestConfigException {
    assertEquals(
        "root=/dev/xvda ro", parse(GOOD + "root='/dev/xvda'\nextra='ro'").boot().commandLine());
    assertEquals("", warnings.toString());
    assertEquals("quiet", parse(GOOD + "extra='ro'\ncmdline='quiet'").boot().commandLine());
    assertEquals("Warning: ignoring root= and extra= in favour of cmdline=\n", warnings.toString());
  }

  @Test
  void parameterOfTheWrongTypeIsWarnedOfAndIgnored() throws GuestConfigException {
    DomainConfig config =
        parse(GOOD + "memory = [ 'x' ]\nvif = 'mac=1'\nvcpus = \"two\"\ndisk = [ [ 'a' ] ]");
    assertEquals(32, config.memoryMib());
    assertEquals(0, config.nics().size());
    assertEquals(
        """
        pv.cfg:3: warning: parameter `memory' is a list but should be a single value
        pv.cfg:5: warning: parameter `vcpus' is not a valid number
        pv.cfg:6:1: warning: value is not a string
        pv.cfg:4: warning: parameter `vif' is a single value but should be a list
        """,
        warnings.toString());
  }

  @Test
  void listsMaySpanLinesAndEndInAComma() throws GuestConfigException {
    DomainConfig config = parse(GOOD + "vif = [ '',\n  'bridge=br1', # second\n ]\n");
    assertEquals(2, config.nics().size());
    assertEquals("br1", config.nics().get(1).bridge());
  }

  @Test
  void escapesAreThoseOfC() throws GuestConfigException {
    assertEquals("a\tbAB'", parse(GOOD + "extra = 'a\\tb\\x41\\102\\''").boot().commandLine());
  }
}
