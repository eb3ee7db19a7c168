package dev.xenbus.xl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Devices that come and go while the guest runs.
class DeviceCommandTest {
  private static final String UUID = "b5c90bca-943e-4773-a76f-3ba8cfd26052";
  private static final String BACKEND = "/local/domain/0/backend/";

  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    TestHost.writeGuest(folder, UUID);
  }

  /// What is done with a running guest, domid 1.
  private interface WithGuest {
    void run(TestHost host) throws Exception;
  }

  private void withGuest(XlRelease release, WithGuest body) throws Exception {
    TestHost host = new TestHost(release, folder);
    host.run(
        () -> {
          assertEquals(0, host.xl("create", "-e", "pv.cfg").exitCode());
          body.run(host);
        });
  }

  private static void expect(TestHost.Outcome outcome, int exitCode, long seconds, String err) {
    assertEquals(err, outcome.err());
    assertEquals(exitCode, outcome.exitCode());
    assertEquals(seconds, outcome.seconds());
  }

  @Test
  void diskIsAttachedAndDetached() throws Exception {
    withGuest(
        XlRelease.XEN_4_17,
        host -> {
          expect(host.xl("block-attach", "pv1", "disk2.img,raw,xvdb,r"), 0, 0, "");
          String backend = BACKEND + "vbd/1/51728";
          assertEquals("r", host.store().value(backend + "/mode").orElse(""));
          assertEquals("0", host.store().value(backend + "/discard-enable").orElse(""));
          assertEquals("7:1", host.store().value(backend + "/physical-device").orElse(""));
          expect(host.xl("block-detach", "pv1", "xvdb"), 0, 0, "");
          assertFalse(host.store().paths().contains(backend));
          assertTrue(host.store().paths().contains(BACKEND + "vbd/1/51712"));
        });
  }

  @Test
  void stuckBlockAttachLeavesItsNodesAndASecondOneRefuses() throws Exception {
    withGuest(
        XlRelease.XEN_4_17,
        host -> {
          host.backends().stuck("51728");
          expect(
              host.xl("block-attach", "1", "disk2.img,raw,xvdb,w"),
              1,
              10,
              """
              libxl: error: libxl_device.c:1181:device_backend_callback: Domain 1:unable to add device with path /local/domain/0/backend/vbd/1/51728
              libxl: error: libxl_device.c:1481:device_addrm_aocomplete: Domain 1:Unable to add vbd with id 51728
              libxl_device_disk_add failed.
              """);
          assertTrue(host.store().paths().contains(BACKEND + "vbd/1/51728"));
          expect(
              host.xl("block-attach", "1", "disk2.img,raw,xvdb,w"),
              1,
              0,
              """
              libxl: error: libxl_disk.c:343:device_disk_add: Domain 1:device already exists in xenstore
              libxl: error: libxl_device.c:1486:device_addrm_aocomplete: unable to add device
              libxl_device_disk_add failed.
              """);
        });
  }

  @Test
  void stuckBlockDetachOf417LeavesTheNodesAndSucceedsLater() throws Exception {
    withGuest(
        XlRelease.XEN_4_17,
        host -> {
          host.backends().stuckOnRemove("/vbd/");
          expect(
              host.xl("block-detach", "1", "xvda"),
              1,
              10,
              """
              libxl: error: libxl_device.c:1181:device_backend_callback: Domain 1:unable to remove device with path /local/domain/0/backend/vbd/1/51712
              libxl: error: libxl_device.c:1481:device_addrm_aocomplete: Domain 1:Unable to remove vbd with id 51712
              libxl_device_disk_safe_remove failed.
              """);
          String backend = BACKEND + "vbd/1/51712";
          assertEquals("0", host.store().value(backend + "/online").orElse(""));
          assertEquals("5", host.store().value(backend + "/state").orElse(""));
          host.store().put(backend + "/state", "6");
          int requests = host.store().requests().size();
          expect(host.xl("block-detach", "1", "51712"), 0, 0, "");
          assertTrue(
              host.store().requests().stream()
                  .skip(requests)
                  .noneMatch(request -> request.equals("WRITE " + backend + "/state 5")),
              "6 is not overwritten");
          assertFalse(host.store().paths().contains(BACKEND + "vbd"));
        });
  }

  @Test
  void stuckBlockDetachOf410ForcesAfterASecondTimeOut() throws Exception {
    withGuest(
        XlRelease.XEN_4_10,
        host -> {
          host.backends().stuckOnRemove("/vbd/");
          expect(
              host.xl("block-detach", "1", "xvda"),
              1,
              20,
              """
              libxl: error: libxl_device.c:1080:device_backend_callback: Domain 1:unable to remove device with path /local/domain/0/backend/vbd/1/51712
              libxl: error: libxl_device.c:1481:device_addrm_aocomplete: Domain 1:Unable to remove vbd with id 51712
              libxl_device_disk_remove failed.
              """);
          assertFalse(host.store().paths().contains(BACKEND + "vbd"));
        });
  }

  @Test
  void forcedBlockDetachRemovesTheNodesAfterOneTimeOut() throws Exception {
    withGuest(
        XlRelease.XEN_4_17,
        host -> {
          host.backends().stuckOnRemove("/vbd/");
          TestHost.Outcome outcome = host.xl("block-detach", "-f", "1", "xvda");
          assertEquals(10, outcome.seconds());
          assertEquals(1, outcome.exitCode());
          assertTrue(outcome.err().endsWith("libxl_device_disk_destroy failed.\n"));
          assertFalse(host.store().paths().contains(BACKEND + "vbd"));
        });
  }

  @Test
  void interfaceGetsTheNextNumber() throws Exception {
    withGuest(
        XlRelease.XEN_4_17,
        host -> {
          expect(host.xl("network-attach", "1", "bridge=xenbr0"), 0, 0, "");
          assertEquals("1", host.store().value(BACKEND + "vif/1/1/handle").orElse(""));
          assertTrue(
              host.store().value(BACKEND + "vif/1/1/mac").orElse("").startsWith("00:16:3e:"));
          String mac = host.store().value(BACKEND + "vif/1/1/mac").orElse("");
          expect(host.xl("network-detach", "1", mac.toUpperCase(java.util.Locale.ROOT)), 0, 0, "");
          assertFalse(host.store().paths().contains(BACKEND + "vif/1/1"));
        });
  }

  @Test
  void stuckNetworkDetachTakesTwentySecondsAndRemovesTheNodes() throws Exception {
    withGuest(
        XlRelease.XEN_4_17,
        host -> {
          host.backends().stuckOnRemove("/vif/");
          expect(
              host.xl("network-detach", "1", "0"),
              1,
              20,
              """
              libxl: error: libxl_device.c:1181:device_backend_callback: Domain 1:unable to remove device with path /local/domain/0/backend/vif/1/0
              libxl: error: libxl_device.c:1481:device_addrm_aocomplete: Domain 1:Unable to remove vif with id 0
              libxl_device_nic_del failed.
              """);
          assertFalse(host.store().paths().contains(BACKEND + "vif"));
        });
  }

  @Test
  void unknownDevicesAreNamed() throws Exception {
    withGuest(
        XlRelease.XEN_4_17,
        host -> {
          expect(
              host.xl("block-detach", "1", "xvdq"),
              1,
              0,
              """
              libxl: error: libxl_disk.c:516:libxl__disk_from_xenstore: disk /libxl/1/device/vbd/268439552 does not exist (no backend path
              Error: Device xvdq not connected.
              """);
          expect(
              host.xl("network-detach", "1", "7"),
              1,
              0,
              """
              libxl: error: libxl_xshelp.c:206:libxl__xs_read_mandatory: xenstore read failed: `/libxl/1/device/vif/7': No such file or directory
              Unknown device 7.
              """);
        });
  }

  @Test
  void imageInUseIsRefused() throws Exception {
    withGuest(
        XlRelease.XEN_4_17,
        host -> {
          host.useLoopFor(0, "disk.img");
          TestHost.Outcome outcome = host.xl("block-attach", "1", "disk.img,raw,xvdc,w");
          assertEquals(1, outcome.exitCode());
          assertTrue(
              outcome
                  .err()
                  .contains(
                      """
                      script: File disk.img is loopback-mounted through /dev/loop0,
                      which is mounted in a guest domain,
                      and so cannot be mounted now.
                      """),
              outcome.err());
        });
  }
}
