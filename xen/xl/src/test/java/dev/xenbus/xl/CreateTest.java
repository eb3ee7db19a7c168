package dev.xenbus.xl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CreateTest {
  private static final String UUID = "b5c90bca-943e-4773-a76f-3ba8cfd26052";

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

  @Test
  void createWithGoodBackendsSucceedsAndSaysOneLine() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl("create", "pv.cfg");
          assertEquals("Parsing config from pv.cfg\n", outcome.err());
          assertEquals("", outcome.out());
          assertEquals(0, outcome.exitCode());
          assertEquals(0, host.domains().pauses(dev.xenbus.abi.Domid.of(2)));
        });
  }

  @Test
  void createOf417SendsWhatDebiansXlSends() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.run(() -> assertEquals(0, host.xl("create", "pv.cfg").exitCode()));
    List<String> requests = host.store().requests();
    List<String> expected = ExpectedTraffic.create(2, UUID);
    List<String> sent =
        requests.stream().filter(ExpectedTraffic::isChange).limit(expected.size()).toList();
    assertEquals(String.join("\n", expected), String.join("\n", sent));
  }

  @Test
  void treeOf410HasNoNodesOfLaterReleases() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(() -> assertEquals(0, host.xl("create", "pv.cfg").exitCode()));
    List<String> paths = host.store().paths();
    for (String later :
        List.of(
            "/local/domain/2/control/sysrq",
            "/local/domain/2/error",
            "/local/domain/2/device/vif/0/mtu",
            "/local/domain/2/device/vbd/51712/trusted",
            "/local/domain/0/backend/vbd/2/51712/specification")) {
      assertFalse(paths.contains(later), later);
    }
    assertEquals("n2", host.store().permissions("/local/domain/2/device/suspend/event-channel"));
    assertEquals(
        "7:0", host.store().value("/local/domain/0/backend/vbd/2/51712/physical-device").get());
    assertEquals(
        "connected", host.store().value("/local/domain/0/backend/vif/2/0/hotplug-status").get());
  }

  @Test
  void allDisksAreDoneBeforeTheFirstInterfaceIsWritten() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(() -> assertEquals(0, host.xl("create", "pv.cfg").exitCode()));
    List<String> requests = host.store().requests();
    int connected = requests.indexOf("WRITE backend/vbd/2/51712/hotplug-status connected");
    int console = requests.indexOf("WRITE /local/domain/2/console/type xenconsoled");
    int vif = requests.indexOf("WRITE /local/domain/2/device/vif/0/state 1");
    assertTrue(0 < connected && connected < console && console < vif, requests.toString());
  }

  @Test
  void stuckDiskOf410PrintsThePublishedLinesAfterTwentySeconds() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.backends().stuck("/vbd/");
    host.run(
        () -> {
          List<String> before = host.store().paths();
          TestHost.Outcome outcome = host.xl("create", "pv.cfg");
          assertEquals(
              """
              Parsing config from pv.cfg
              libxl: error: libxl_device.c:1080:device_backend_callback: Domain 2:unable to add device with path /local/domain/0/backend/vbd/2/51712
              libxl: error: libxl_create.c:1278:domcreate_launch_dm: Domain 2:unable to add disk devices
              libxl: error: libxl_device.c:1080:device_backend_callback: Domain 2:unable to remove device with path /local/domain/0/backend/vbd/2/51712
              libxl: error: libxl_domain.c:1073:devices_destroy_cb: Domain 2:libxl__devices_destroy failed
              libxl: error: libxl_domain.c:1000:libxl__destroy_domid: Domain 2:Non-existant domain
              libxl: error: libxl_domain.c:959:domain_destroy_callback: Domain 2:Unable to destroy guest
              libxl: error: libxl_domain.c:886:domain_destroy_cb: Domain 2:Destruction of domain failed
              """,
              outcome.err());
          assertEquals(3, outcome.exitCode());
          assertEquals(20, outcome.seconds());
          List<String> after = new java.util.ArrayList<>(host.store().paths());
          after.removeAll(before);
          after.removeAll(List.of("/vm", "/libxl"));
          assertEquals(List.of(), after);
        });
  }

  @Test
  void skeletonOf410HasTheSuspendChannelBehindTheFeatures() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(() -> assertEquals(0, host.xl("create", "pv.cfg").exitCode()));
    List<String> requests = host.store().requests();
    int device = requests.indexOf("WRITE /local/domain/2/device");
    int control = requests.indexOf("WRITE /local/domain/2/control");
    int feature = requests.indexOf("WRITE /local/domain/2/control/feature-suspend");
    int channel = requests.indexOf("WRITE /local/domain/2/device/suspend/event-channel");
    assertTrue(0 < device && device < control && control < feature && feature < channel);
  }

  @Test
  void pvhGuestHasNeitherImageNorProtocol() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.run(() -> assertEquals(0, host.xl("create", "pv.cfg", "type='pvh'").exitCode()));
    assertEquals("pvh", host.store().value("/libxl/2/type").orElse(""));
    assertTrue(host.domains().spec(dev.xenbus.abi.Domid.of(2)).hvm());
    List<String> paths = host.store().paths();
    assertTrue(paths.contains("/vm/" + UUID + "/start_time"));
    assertFalse(paths.contains("/vm/" + UUID + "/image/kernel"));
    assertFalse(paths.contains("/local/domain/2/device/vbd/51712/protocol"));
  }

  @Test
  void driverDomainGetsItsWritableFolders() throws Exception {
    TestHost host = host(XlRelease.XEN_4_17);
    host.run(() -> host.xl("create", "pv.cfg", "driver_domain=1", "xend_suspend_evtchn_compat=1"));
    assertEquals("n2", host.store().permissions("/local/domain/2/libxl"));
    assertEquals("n2", host.store().permissions("/local/domain/2/device-model"));
    assertEquals("n2", host.store().permissions("/local/domain/2/device"));
    assertFalse(host.store().paths().contains("/local/domain/2/device/suspend/event-channel"));
  }

  @Test
  void badElementOfAnInterfaceIsReportedAndTheGuestIsCreated() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          TestHost.Outcome outcome = host.xl("create", "pv.cfg", "vif = [ 'mac=zz' ]");
          assertEquals("Parsing config from pv.cfg\nInvalid parameter `mac'.\n", outcome.err());
          assertEquals(0, outcome.exitCode());
        });
    assertTrue(
        host.store()
            .value("/local/domain/0/backend/vif/2/0/mac")
            .orElse("")
            .matches("00:16:3e(:[0-9a-f]{2}){3}"));
  }

  @Test
  void pausedGuestStaysPausedAndDryRunCreatesNothing() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    host.run(
        () -> {
          assertTrue(host.xl("create", "-n", "-q", "pv.cfg").out().contains("\"name\": \"pv1\""));
          assertEquals(1, host.domains().list().size());
          assertEquals(0, host.xl("create", "-p", "pv.cfg").exitCode());
          assertEquals(1, host.domains().pauses(dev.xenbus.abi.Domid.of(2)));
        });
  }

  @Test
  void noWatcherSeesPartOfADevice() throws Exception {
    TestHost host = host(XlRelease.XEN_4_10);
    List<String> incomplete = new java.util.ArrayList<>();
    host.store()
        .script(
            (store, path, value) -> {
              String backend = "/local/domain/0/backend/vbd/2/51712";
              if (path.startsWith(backend)
                  && store.value(backend).isPresent()
                  && store.value(backend + "/discard-enable").isEmpty()) {
                incomplete.add(path);
              }
              host.backends().changed(store, path, value);
            });
    host.run(() -> host.xl("create", "pv.cfg"));
    assertEquals(List.of(), incomplete);
  }
}
