package dev.xenbus.xl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Output and exit codes of the commands.
class CommandTest {
  private static final String UUID = "b5c90bca-943e-4773-a76f-3ba8cfd26052";
  private static final String HEADER =
      "Name                                        ID   Mem VCPUs\tState\tTime(s)";

  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    TestHost.writeGuest(folder, UUID);
  }

  private TestHost host(XlRelease release) {
    return new TestHost(release, folder);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "frobnicate | 1 | command not implemented",
        "destroy nope | 1 | nope is an invalid domain identifier (rc=-6)",
        "list -x | 2 | option `x' not supported.",
        "list 99 | 1 | Error: Domain '99' does not exist.",
        "shutdown | 1 | You must specify -a or a domain id.",
        "create missing.cfg | 3 | Failed to read config file: missing.cfg: No such file or"
            + " directory",
        "create | 6 | Config file not specified and none in save file",
        "domid nope | 1 | Can't get domid of domain name 'nope', maybe this domain does not exist.",
        "domname 99 | 1 | Can't get domain name of domain id '99', maybe this domain does not"
            + " exist.",
        "block-attach nodom x | 1 | nodom is an invalid domain identifier",
        "block-attach 0 phy:/dev/x,xvda,q | 1 | command line: config parsing error in disk"
            + " specification: unknown value for access: near `q' in `phy:/dev/x,xvda,q'",
        "network-attach 0 mac=zz | 1 | Invalid parameter `mac'."
      })
  void wrongUseIsOneLineAndACode(String line, int exitCode, String message) throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl(line.split(" ", -1));
          assertEquals(message, outcome.err().strip());
          assertEquals(exitCode, outcome.exitCode());
        });
  }

  @Test
  void tooFewArgumentsPrintTheHelp() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl("destroy");
          assertEquals("'xl destroy' requires at least 1 argument.\n\n", outcome.err());
          assertTrue(outcome.out().startsWith("Usage: xl [-v] destroy [options] <Domain>\n\n"));
          assertEquals(2, outcome.exitCode());
        });
  }

  @Test
  void syntaxErrorCreatesNothing() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          java.nio.file.Files.writeString(folder.resolve("bad.cfg"), "name='a'\n\nmemory =\n");
          TestHost.Outcome outcome = host.xl("create", "bad.cfg");
          assertEquals(
              """
              Parsing config from bad.cfg
              bad.cfg:2: config parsing error near <newline>: syntax error, unexpected NEWLINE, expecting STRING or NUMBER or '['
              Failed to parse config: Invalid argument
              """,
              outcome.err());
          assertEquals(1, outcome.exitCode());
          assertEquals(1, host.domains().list().size());
        });
  }

  @Test
  void listShowsIdsInOrderWithStates() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          host.xl("create", "-e", "-p", "pv.cfg");
          host.xl("create", "-e", "-q", "pv.cfg", "name='pv2'", "uuid=''", "disk=[]");
          host.domains().shutdown(Domid.of(1), ShutdownReason.CRASH);
          assertEquals(
              HEADER
                  + """

                  Domain-0                                     0  1024     1     r-----       7.0
                  pv1                                          1  1024     2     --psc-       7.0
                  """,
              host.xl("list").out());
        });
  }

  @Test
  void listOfOneDomainWithItsUuid() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          assertEquals(
              HEADER
                  + """
                     UUID                            Reason-Code\tSecurity Label
                  pv1                                          1  1024     2     -b----       7.0 b5c90bca-943e-4773-a76f-3ba8cfd26052        -                -
                  """,
              host.xl("list", "-v", "pv1").out());
        });
  }

  @Test
  void longListIsJsonAndComplainsOfZombies() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          String json = host.xl("list", "-l", "1").out();
          assertTrue(json.startsWith("[\n    {\n        \"domid\": 1,\n"), json);
          assertTrue(json.contains("\"max_memkb\": 1048576"), json);
          host.domains().keepAlive(Domid.of(1));
          host.xl("destroy", "1");
          TestHost.Outcome outcome = host.xl("list", "-l", "1");
          assertEquals(
              "libxl: error: libxl_domain.c:2335:retrieve_domain_configuration_lock_acquired: Fail"
                  + " to get domain configuration\n",
              outcome.err());
          assertEquals(0, outcome.exitCode());
        });
  }

  @Test
  void deviceListsShowBothEnds() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          assertEquals(
              """
              Vdev  BE  handle state evt-ch ring-ref BE-path                      \s
              51712 0   1      1     -1     -1       /local/domain/0/backend/vbd/1/51712
              """,
              host.xl("block-list", "pv1").out());
          assertEquals(
              """
              Idx BE Mac Addr.         handle state evt-ch   tx-/rx-ring-ref BE-path                      \s
              0   0  00:16:3e:12:34:56     0     1     -1    -1/-1          /local/domain/0/backend/vif/1/0
              """,
              host.xl("network-list", "1").out());
        });
  }

  @Test
  void sysrqIsOneCharacterForTheGuest() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          assertEquals(0, host.xl("sysrq", "pv1", "t").exitCode());
          assertEquals("t", host.store().value("/local/domain/1/control/sysrq").orElse(""));
          TestHost.Outcome wrong = host.xl("sysrq", "pv1", "tt");
          assertTrue(wrong.err().startsWith("Invalid sysrq.\n"), wrong.err());
          assertEquals(1, wrong.exitCode());
        });
  }

  @Test
  void shutdownOf410OnlyAsks() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          TestHost.Outcome outcome = host.xl("shutdown", "pv1");
          assertEquals("Shutting down domain 1\n", outcome.err());
          assertEquals(0, outcome.exitCode());
          assertEquals(
              "poweroff", host.store().value("/local/domain/1/control/shutdown").orElse(""));
        });
  }

  @Test
  void shutdownThatNobodyAcknowledgesTakesAMinuteAndStays() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          TestHost.Outcome outcome = host.xl("reboot", "1");
          assertEquals(
              """
              Rebooting domain 1
              libxl: error: libxl_domain.c:854:pvcontrol_cb: guest didn't acknowledge control request: -9
              reboot failed (rc=-9)
              """,
              outcome.err());
          assertEquals(1, outcome.exitCode());
          assertEquals(60, outcome.seconds());
          assertEquals("reboot", host.store().value("/local/domain/1/control/shutdown").orElse(""));
        });
  }

  @Test
  void smallCommandsSayWhatTheyFound() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          assertEquals("1\n", host.xl("domid", "pv1").out());
          assertEquals("pv1\n", host.xl("domname", "1").out());
          assertEquals(0, host.xl("rename", "pv1", "web").exitCode());
          assertEquals("web", host.store().value("/vm/" + UUID + "/name").orElse(""));
          assertEquals("web\n", host.xl("domname", "1").out());
          assertEquals(0, host.xl("pause", "web").exitCode());
          assertEquals(1, host.domains().pauses(Domid.of(1)));
          assertEquals(0, host.xl("unpause", "web").exitCode());
          assertEquals(0, host.domains().pauses(Domid.of(1)));
          Task.sleep(3_723_000_000_000L);
          assertEquals(
              """
              Name                                ID Uptime
              web                                  1  1:02:03
              """,
              host.xl("uptime", "web").out());
          assertTrue(host.xl("vm-list").out().contains(UUID + "  1    web\n"));
          assertTrue(host.xl("info").out().contains("free_memory            : 4096\n"));
        });
  }

  @Test
  void guestThatRebootsComesBackUnderANewId() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          host.xl("create", "pv.cfg");
          Task.sleep(1_000_000_000);
          host.domains().shutdown(Domid.of(1), ShutdownReason.REBOOT);
          host.store().fire("@releaseDomain");
          Task.sleep(5_000_000_000L);
          assertEquals("pv1\n", host.xl("domname", "2").out());
          assertEquals(UUID, host.domains().info(Domid.of(2)).orElseThrow().uuid().toString());
          List<String> log = host.xlHost().logOf("pv1");
          assertTrue(log.getFirst().startsWith("Waiting for domain pv1 (domid 1) to die [pid "));
          assertEquals(
              List.of(
                  "Domain 1 has shut down, reason code 1 0x1",
                  "Action for shutdown reason code 1 is restart",
                  "Domain 1 needs to be cleaned up: destroying the domain",
                  "Done. Rebooting now"),
              log.subList(1, 5));
        });
  }

  @Test
  void guestThatPowersOffIsDestroyedAndItsWatcherGoes() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          host.xl("create", "pv.cfg");
          host.domains().shutdown(Domid.of(1), ShutdownReason.POWEROFF);
          host.store().fire("@releaseDomain");
          Task.sleep(5_000_000_000L);
          assertTrue(host.domains().info(Domid.of(1)).isEmpty());
          assertEquals("Done. Exiting now", host.xlHost().logOf("pv1").getLast());
          assertTrue(
              host.machine().tasks().stream().noneMatch(task -> task.comm().equals("xl")),
              "nobody is left, not even as a zombie");
        });
  }
}
