package dev.xenbus.xl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DestroyTest {
  private static final String UUID = "a70a91af-f4f8-4ce5-8177-b7735598e26f";

  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    TestHost.writeGuest(folder, UUID);
  }

  @Test
  void destroyOfARunningGuestSendsWhatDebiansXlSends() throws Exception {
    TestHost host = new TestHost(XlRelease.XEN_4_17, folder);
    host.domains().lastDomid(5);
    int[] begin = new int[1];
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          begin[0] = host.store().requests().size();
          TestHost.Outcome outcome = host.xl("destroy", "6");
          assertEquals("", outcome.err());
          assertEquals(0, outcome.exitCode());
          assertEquals(0, outcome.seconds());
        });
    List<String> requests =
        host.store().requests().stream()
            .skip(begin[0])
            .filter(request -> !request.startsWith("GET_DOMAIN_PATH"))
            .filter(request -> !request.equals("READ domid"))
            .toList();
    // Frontend and parents first, then the backend is told, all in one transaction.
    String vbd =
        """
        TRANSACTION_START \

        RM /local/domain/6/device/vbd/51712
        READ /local/domain/6/device/vbd
        DIRECTORY /local/domain/6/device/vbd
        RM /local/domain/6/device/vbd
        READ /local/domain/6/device
        DIRECTORY /local/domain/6/device
        READ /local/domain/0/backend/vbd/6/51712/state
        WRITE /local/domain/0/backend/vbd/6/51712/online 0
        WRITE /local/domain/0/backend/vbd/6/51712/state 5
        TRANSACTION_END T
        WATCH /local/domain/0/backend/vbd/6/51712/state 3/0
        """;
    String all = String.join("\n", requests) + "\n";
    assertTrue(all.contains(vbd), all);
    String end =
        """
        READ /local/domain/6/vm
        RM /vm/a70a91af-f4f8-4ce5-8177-b7735598e26f
        RM /local/domain/6
        RM /libxl/6
        RM /local/domain/6/hvmloader
        """;
    assertTrue(all.endsWith(end), all);
    int console = requests.indexOf("RM /local/domain/6/console");
    int closed = requests.indexOf("UNWATCH /local/domain/0/backend/vbd/6/51712/state 3/0");
    assertTrue(0 < console && console < closed, "the console goes without waiting");
  }

  @Test
  void destroyLeavesNothingNotEvenTheBackendFolder() throws Exception {
    TestHost host = new TestHost(XlRelease.XEN_4_10, folder);
    host.run(
        () -> {
          List<String> before = host.store().paths();
          host.xl("create", "-e", "pv.cfg");
          assertEquals(0, host.xl("destroy", "pv1").exitCode());
          List<String> after = new java.util.ArrayList<>(host.store().paths());
          after.removeAll(List.of("/vm", "/libxl"));
          assertEquals(before, after);
        });
    org.mockito.Mockito.verify(host.block()).detachLoop("loop0");
  }

  @Test
  void stuckInterfaceCostsTenSecondsAndTwoLinesAndExitsZero() throws Exception {
    TestHost host = new TestHost(XlRelease.XEN_4_10, folder);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          host.backends().stuckOnRemove("/vif/");
          host.domains().keepAlive(Domid.of(1));
          TestHost.Outcome outcome = host.xl("destroy", "1");
          assertEquals(
              """
              libxl: error: libxl_device.c:1080:device_backend_callback: Domain 1:unable to remove device with path /local/domain/0/backend/vif/1/0
              libxl: error: libxl_domain.c:1073:devices_destroy_cb: Domain 1:libxl__devices_destroy failed
              """,
              outcome.err());
          assertEquals(0, outcome.exitCode());
          assertEquals(10, outcome.seconds());
          assertFalse(
              host.store().paths().stream().anyMatch(path -> path.contains("backend")),
              "all nodes are gone");
          assertEquals(
              """
              Name                                        ID   Mem VCPUs\tState\tTime(s)
              Domain-0                                     0  1024     1     r-----       7.0
              (null)                                       1     0     2     --p--d       7.0
              """,
              host.xl("list").out());
        });
  }

  @Test
  void otherDevicesDoNotWaitForTheStuckOne() throws Exception {
    TestHost host = new TestHost(XlRelease.XEN_4_10, folder);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          host.backends().stuckOnRemove("/vif/");
          StringBuilder err = new StringBuilder();
          var destroy = host.start(text -> {}, err::append, "destroy", "pv1");
          dev.xenbus.machine.Task.sleep(1_000_000_000);
          assertEquals("", host.store().value("/local/domain/0/backend/vif").orElse("gone"));
          assertEquals("gone", host.store().value("/local/domain/0/backend/vbd").orElse("gone"));
          assertEquals(0, destroy.waitFor());
        });
  }

  @Test
  void zombieIsDestroyedAgainWithoutAWord() throws Exception {
    TestHost host = new TestHost(XlRelease.XEN_4_10, folder);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          host.domains().keepAlive(Domid.of(1));
          host.xl("destroy", "1");
          TestHost.Outcome outcome = host.xl("destroy", "1");
          assertEquals("", outcome.err());
          assertEquals(0, outcome.exitCode());
        });
  }

  @Test
  void domainThatDoesNotExistIsSaidInFourLines() throws Exception {
    TestHost host = new TestHost(XlRelease.XEN_4_17, folder);
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl("destroy", "99");
          assertEquals(
              """
              libxl: error: libxl_domain.c:1183:libxl__destroy_domid: Domain 99:Non-existant domain
              libxl: error: libxl_domain.c:1137:domain_destroy_callback: Domain 99:Unable to destroy guest
              libxl: error: libxl_domain.c:1064:domain_destroy_cb: Domain 99:Destruction of domain failed
              destroy failed (rc=-21)
              """,
              outcome.err());
          assertEquals(1, outcome.exitCode());
        });
  }

  @Test
  void dom0IsNotDestroyed() throws Exception {
    TestHost host = new TestHost(XlRelease.XEN_4_10, folder);
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl("destroy", "0");
          assertEquals(
              """
              Not destroying domain 0; use -f to force.
              This can only be done when using a disaggregated hardware domain and toolstack.

              """,
              outcome.err());
          assertEquals(1, outcome.exitCode());
        });
  }

  @Test
  void backendThatIsGoneAlreadyIsCleanedUpIn417() throws Exception {
    TestHost host = new TestHost(XlRelease.XEN_4_17, folder);
    host.run(
        () -> {
          host.xl("create", "-e", "pv.cfg");
          host.store().drop("/local/domain/0/backend/vif/1/0");
          TestHost.Outcome outcome = host.xl("destroy", "1");
          assertEquals(0, outcome.exitCode());
          assertEquals(0, outcome.seconds());
          assertTrue(
              outcome
                  .err()
                  .contains(
                      "backend /local/domain/0/backend/vif/1/0 already removed, cleanup frontend"
                          + " only"),
              outcome.err());
        });
  }
}
