package dev.xenbus.xl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.machine.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `backend=`: devices that another domain serves.
class BackendDomainTest {
  private static final String UUID = "a70a91af-f4f8-4ce5-8177-b7735598e26f";
  private static final String VBD = "/local/domain/1/backend/vbd/2/51712";
  private static final String VIF = "/local/domain/1/backend/vif/2/0";

  /// How soon the driver domain's daemon notices that a backend has closed.
  private static final long DAEMON_NANOS = 50_000_000L;

  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    TestHost.writeGuest(folder, UUID);
    Files.writeString(
        folder.resolve("ddom.cfg"),
        """
        name = "ddom"
        kernel = "vmlinuz"
        driver_domain = 1
        """);
    Files.writeString(
        folder.resolve("user.cfg"),
        """
        name = "user"
        kernel = "vmlinuz"
        disk = [ '/dev/xvdb,raw,xvda,rw,backend=ddom' ]
        vif = [ 'mac=00:16:3e:12:34:57,backend=1' ]
        """);
  }

  /// What is done with domain 1, a driver domain, and domain 2, which uses it.
  private interface WithBoth {
    void run(TestHost host) throws Exception;
  }

  private void withBoth(XlRelease release, WithBoth body) throws Exception {
    TestHost host = new TestHost(release, folder);
    host.run(
        () -> {
          assertEquals("", host.xl("create", "-e", "-q", "ddom.cfg").err());
          assertEquals("", host.xl("create", "-e", "-q", "user.cfg").err());
          body.run(host);
        });
  }

  @Test
  void nodesAreTheDriverDomainsAndNoScriptRunsInDom0() throws Exception {
    withBoth(
        XlRelease.XEN_4_17,
        host -> {
          ScriptedStore store = host.store();
          assertEquals("n1,r2", store.permissions(VBD));
          assertEquals("n1,r2", store.permissions(VIF));
          assertEquals("n2,r1", store.permissions("/local/domain/2/device/vbd/51712"));
          assertEquals("n2,r1", store.permissions("/local/domain/2/device/vif/0/state"));
          assertEquals("1", store.value("/local/domain/2/device/vbd/51712/backend-id").orElse(""));
          assertEquals(VIF, store.value("/local/domain/2/device/vif/0/backend").orElse(""));
          assertEquals(VBD, store.value("/libxl/2/device/vbd/51712/backend").orElse(""));
          assertEquals("/dev/xvdb", store.value(VBD + "/params").orElse(""));
          assertTrue(store.value(VBD + "/physical-device").isEmpty());
          assertEquals("", store.value(VIF + "/hotplug-status").orElse(""));
          assertFalse(store.paths().contains("/local/domain/0/backend/vbd"));
        });
  }

  /// The driver domain's daemon removes the backend's nodes; dom0 those of the frontend.
  @Test
  void destroyLeavesTheBackendsNodesToTheDriverDomain() throws Exception {
    withBoth(
        XlRelease.XEN_4_10,
        host -> {
          int before = host.store().requests().size();
          Task daemon =
              host.cpu()
                  .process(
                      "devd",
                      self -> {
                        while (Task.sleep(DAEMON_NANOS)) {
                          host.backends().removeClosed(host.store());
                        }
                        return 0;
                      });
          daemon.wake();
          TestHost.Outcome outcome = host.xl("destroy", "user");
          daemon.signal();
          daemon.waitFor();
          assertEquals("", outcome.err());
          assertEquals(0, outcome.seconds());
          List<String> requests = host.store().requests();
          List<String> later = requests.subList(before, requests.size());
          assertTrue(later.contains("WRITE " + VIF + "/online 0"), later::toString);
          assertTrue(later.contains("RM /local/domain/2/device/vif/0"), later::toString);
          assertFalse(later.contains("RM " + VIF), later::toString);
          assertFalse(later.contains("RM " + VBD), later::toString);
          assertFalse(host.store().paths().contains("/libxl/2"));
        });
  }

  @Test
  void backendThatClosesAndStaysIsWaitedForTenSeconds() throws Exception {
    withBoth(
        XlRelease.XEN_4_10,
        host -> {
          TestHost.Outcome outcome = host.xl("block-detach", "user", "xvda");
          assertEquals(10, outcome.seconds());
          assertEquals(1, outcome.exitCode());
          assertEquals(
              """
              libxl: error: timed out while waiting for /local/domain/1/backend/vbd/2/51712 to be removed
              libxl: error: libxl_device.c:1481:device_addrm_aocomplete: Domain 2:Unable to remove vbd with id 51712
              libxl_device_disk_remove failed.
              """,
              outcome.err());
          assertTrue(host.store().paths().contains(VBD));
        });
  }

  @Test
  void unknownBackendIsSaidAtOnce() throws Exception {
    TestHost host = new TestHost(XlRelease.XEN_4_10, folder);
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl("create", "-q", "user.cfg");
          assertEquals(
              """
              libxl: error: Domain 1:Unable to set disk defaults for disk 0
              libxl: error: libxl_domain.c:1000:libxl__destroy_domid: Domain 1:Non-existant domain
              libxl: error: libxl_domain.c:959:domain_destroy_callback: Domain 1:Unable to destroy guest
              libxl: error: libxl_domain.c:886:domain_destroy_cb: Domain 1:Destruction of domain failed
              """,
              outcome.err());
          assertEquals(3, outcome.exitCode());
          assertEquals(0, outcome.seconds());
          assertEquals(0, host.xl("create", "-e", "-q", "pv.cfg").exitCode());
          assertEquals(
              """
              libxl: error: libxl_device.c:1486:device_addrm_aocomplete: unable to add device
              libxl_device_nic_add failed.
              """,
              host.xl("network-attach", "pv1", "backend=nobody").err());
        });
  }
}
