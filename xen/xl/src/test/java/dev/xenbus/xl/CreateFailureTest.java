package dev.xenbus.xl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.when;

import dev.xenbus.abi.Domid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What goes wrong on the way to a domain, and what `xl` says of it.
class CreateFailureTest {
  private static final String UUID = "b5c90bca-943e-4773-a76f-3ba8cfd26052";
  private static final String LAST_THREE =
      """
      libxl: error: libxl_domain.c:1183:libxl__destroy_domid: Domain 2:Non-existant domain
      libxl: error: libxl_domain.c:1137:domain_destroy_callback: Domain 2:Unable to destroy guest
      libxl: error: libxl_domain.c:1064:domain_destroy_cb: Domain 2:Destruction of domain failed
      """;

  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    TestHost.writeGuest(folder, UUID);
  }

  private TestHost host(XlRelease release) {
    TestHost host = new TestHost(release, folder);
    host.domains().lastDomid(1);
    return host;
  }

  private static void expect(
      TestHost host, int exitCode, long seconds, String lines, String... arguments)
      throws Exception {
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl(arguments);
          assertEquals("Parsing config from pv.cfg\n" + lines, outcome.err());
          assertEquals(exitCode, outcome.exitCode());
          assertEquals(seconds, outcome.seconds());
        });
  }

  @Test
  void stuckDiskOf417PrintsSevenLines() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.backends().stuck("/vbd/");
    expect(
        host,
        3,
        20,
        """
        libxl: error: libxl_device.c:1181:device_backend_callback: Domain 2:unable to add device with path /local/domain/0/backend/vbd/2/51712
        libxl: error: libxl_create.c:1672:domcreate_launch_dm: Domain 2:unable to add disk devices
        libxl: error: libxl_device.c:1181:device_backend_callback: Domain 2:unable to remove device with path /local/domain/0/backend/vbd/2/51712
        libxl: error: libxl_domain.c:1530:devices_destroy_cb: Domain 2:libxl__devices_destroy failed
        """
            + LAST_THREE,
        "create",
        "pv.cfg");
  }

  @Test
  void diskThatIsStuckOnTheWayInOnlyTakesTenSecondsAndFiveLines() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.backends().stuckOnAdd("/vbd/");
    expect(
        host,
        3,
        10,
        """
        libxl: error: libxl_device.c:1181:device_backend_callback: Domain 2:unable to add device with path /local/domain/0/backend/vbd/2/51712
        libxl: error: libxl_create.c:1672:domcreate_launch_dm: Domain 2:unable to add disk devices
        """
            + LAST_THREE,
        "create",
        "pv.cfg");
  }

  @Test
  void twoStuckDisksTakeNoLongerThanOne() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.backends().stuck("/vbd/");
    String line = "libxl: error: libxl_device.c:1181:device_backend_callback: Domain 2:unable to ";
    String path = " device with path /local/domain/0/backend/vbd/2/";
    expect(
        host,
        3,
        20,
        line
            + "add"
            + path
            + "51712\n"
            + line
            + "add"
            + path
            + "51728\n"
            + "libxl: error: libxl_create.c:1672:domcreate_launch_dm: Domain 2:unable to add disk"
            + " devices\n"
            + line
            + "remove"
            + path
            + "51712\n"
            + line
            + "remove"
            + path
            + "51728\n"
            + "libxl: error: libxl_domain.c:1530:devices_destroy_cb: Domain"
            + " 2:libxl__devices_destroy failed\n"
            + LAST_THREE,
        "create",
        "pv.cfg",
        "disk += [ 'disk2.img,raw,xvdb,r' ]");
  }

  @Test
  void stuckInterfaceFailsAfterTheDiskWasConnected() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.backends().stuck("/vif/");
    expect(
        host,
        3,
        20,
        """
        libxl: error: libxl_device.c:1080:device_backend_callback: Domain 2:unable to add device with path /local/domain/0/backend/vif/2/0
        libxl: error: libxl_create.c:1494:domcreate_attach_devices: Domain 2:unable to add vif devices
        libxl: error: libxl_device.c:1080:device_backend_callback: Domain 2:unable to remove device with path /local/domain/0/backend/vif/2/0
        libxl: error: libxl_domain.c:1073:devices_destroy_cb: Domain 2:libxl__devices_destroy failed
        libxl: error: libxl_domain.c:1000:libxl__destroy_domid: Domain 2:Non-existant domain
        libxl: error: libxl_domain.c:959:domain_destroy_callback: Domain 2:Unable to destroy guest
        libxl: error: libxl_domain.c:886:domain_destroy_cb: Domain 2:Destruction of domain failed
        """,
        "create",
        "pv.cfg");
    assertTrue(
        host.store().requests().contains("WRITE backend/vbd/2/51712/hotplug-status connected"));
  }

  @Test
  void backendThatRemovesItsStateFailsAtOnce() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.store()
        .script(
            (store, path, value) -> {
              if (path.endsWith("vbd/2/51712/state") && "1".equals(value)) {
                store.drop("/local/domain/0/backend/vbd/2/51712");
              }
            });
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl("create", "pv.cfg");
          assertEquals(3, outcome.exitCode());
          assertEquals(0, outcome.seconds());
          assertTrue(outcome.err().contains("unable to add disk devices"), outcome.err());
        });
  }

  @Test
  void backendThatRunsThroughTwoIsNeverRecognised() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.store()
        .script(
            (store, path, value) -> {
              if (path.endsWith("vbd/2/51712/state") && "1".equals(value)) {
                store.put(path, "2");
                store.put(path, "4");
              } else {
                host.backends().changed(store, path, value);
              }
            });
    host.run(() -> assertEquals(10, host.xl("create", "pv.cfg").seconds()));
  }

  @Test
  void transactionThatConflictsIsRepeated() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.store().conflicts(2);
    expect(host, 0, 0, "", "create", "pv.cfg");
    assertEquals("pv1", host.store().value("/local/domain/2/name").orElse(""));
  }

  @Test
  void missingConsoleDaemonFailsIn417() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.backends().noConsoleDaemon();
    expect(
        host,
        3,
        10,
        "libxl: error: libxl_create.c:1976:console_xswait_callback: domain 2 console tty: timed"
            + " out\n"
            + LAST_THREE,
        "create",
        "pv.cfg");
  }

  @Test
  void missingConsoleDaemonIsNotNoticedIn410() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.backends().noConsoleDaemon();
    expect(host, 0, 0, "", "create", "pv.cfg");
  }

  @Test
  void nameInUseIsSaidAndTheOldGuestIsUntouched() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.run(
        () -> {
          Domid old =
              host.domains()
                  .create(
                      new dev.xenbus.abi.hypercall.DomainControl.DomainSpec(
                          new java.util.UUID(1, 2), 64, 1));
          host.store().put("/local/domain/" + old + "/name", "pv1");
          TestHost.Outcome outcome = host.xl("create", "pv.cfg");
          assertEquals(
              "Parsing config from pv.cfg\n"
                  + "libxl: error: libxl_domain.c:81:libxl__domain_rename: Domain 3:Domain with"
                  + " name \"pv1\" already exists.\n"
                  + "libxl: error: libxl_create.c:1296:initiate_domain_create: Domain 3:cannot"
                  + " make domain: -6\n"
                  + LAST_THREE.replace("Domain 2:", "Domain 3:"),
              outcome.err());
          assertEquals(3, outcome.exitCode());
          assertTrue(host.domains().info(old).isPresent());
        });
  }

  @Test
  void missingImageIsSaidBeforeThereIsADomain() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    Files.delete(folder.resolve("disk.img"));
    expect(
        host,
        3,
        0,
        "libxl: error: libxl_device.c:455:libxl__device_disk_set_backend: Disk vdev=xvda failed to"
            + " stat: disk.img: No such file or directory\n",
        "create",
        "pv.cfg");
  }

  @Test
  void scriptThatFailsIsQuoted() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    when(host.net().bridge("xenbr0")).thenReturn(Optional.empty());
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl("create", "pv.cfg");
          assertTrue(
              outcome
                  .err()
                  .matches(
                      "(?s).*libxl: error: libxl_exec.c:117:libxl_report_child_exitstatus:"
                          + " /etc/xen/scripts/vif-bridge online \\[\\d+\\] exited with error"
                          + " status 1\n"
                          + "libxl: error: libxl_device.c:1337:device_hotplug_child_death_cb:"
                          + " script: Could not find bridge device xenbr0\n"
                          + ".*unable to add vif devices\n.*"),
              outcome.err());
          assertEquals(3, outcome.exitCode());
        });
    assertTrue(host.store().requests().contains("WRITE backend/vif/2/0/hotplug-status error"));
  }

  @Test
  void scriptThatHangsIsKilledAfterFortySeconds() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    when(host.net().device("vif2.0"))
        .thenAnswer(
            call -> {
              dev.xenbus.machine.Task.sleep(1_000_000_000_000L);
              return Optional.empty();
            });
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl("create", "pv.cfg");
          assertTrue(
              outcome
                  .err()
                  .contains(
                      "libxl_aoutils.c:539:async_exec_timeout: killing execution of"
                          + " /etc/xen/scripts/vif-bridge online because of timeout\n"),
              outcome.err());
          assertEquals(80, outcome.seconds());
          assertEquals(3, outcome.exitCode());
        });
  }

  @Test
  void signalLeavesWhatWasBegun() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.backends().stuck("/vbd/");
    host.run(
        () -> {
          var create = host.start(text -> {}, text -> {}, "create", "pv.cfg");
          dev.xenbus.machine.Task.sleep(1_000_000_000);
          create.signal();
          assertTrue(create.waitFor() > 128);
          assertTrue(host.domains().info(Domid.of(2)).isPresent());
        });
  }

  @Test
  void deviceOfAnotherDomainGoesBelowThatDomainAndRunsNoScript() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.store()
        .script(
            (store, path, value) -> {
              if (path.startsWith("/local/domain/5/backend/") && "1".equals(value)) {
                if (path.endsWith("/state")) {
                  store.put(path, "2");
                }
              } else {
                host.backends().changed(store, path, value);
              }
            });
    expect(host, 0, 0, "", "create", "-e", "pv.cfg", "vif = [ 'backend=5' ]");
    List<String> requests = host.store().requests();
    assertTrue(requests.contains("SET_PERMS /local/domain/5/backend/vif/2/0 n5 r2"));
    assertTrue(
        requests.stream()
            .noneMatch(
                request -> request.contains("hotplug-status conn") && request.contains("vif")));
  }
}
