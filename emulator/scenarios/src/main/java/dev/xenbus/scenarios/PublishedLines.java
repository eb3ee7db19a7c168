package dev.xenbus.scenarios;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// What Xen 4.10.0 printed when it stalled, as published with the patches of September 2018.
final class PublishedLines {
  private static final String BACKEND = "/local/domain/0/backend/";

  /// The frames between the wait and the thread when a block device is removed, innermost first.
  private static final List<String> REMOVAL_OF_VBD =
      List.of(
          "xen_blkif_disconnect [xen_blkback]",
          "xen_blkbk_remove [xen_blkback]",
          "xenbus_dev_remove",
          "device_del",
          "device_unregister",
          "frontend_changed [xen_blkback]");

  private PublishedLines() {}

  /// Returns what `xl create pv.cfg` of a guest prints while `xenwatch` is stuck.
  static List<String> create(int domid) {
    String device = "vbd/" + domid + "/51712";
    return List.of(
        "Parsing config from pv.cfg",
        error("libxl_device.c:1080:device_backend_callback", domid)
            + "unable to add device with path "
            + BACKEND
            + device,
        error("libxl_create.c:1278:domcreate_launch_dm", domid) + "unable to add disk devices",
        unableToRemove(domid, device),
        destroyFailed(domid),
        error("libxl_domain.c:1000:libxl__destroy_domid", domid) + "Non-existant domain",
        error("libxl_domain.c:959:domain_destroy_callback", domid) + "Unable to destroy guest",
        error("libxl_domain.c:886:domain_destroy_cb", domid) + "Destruction of domain failed");
  }

  /// Returns what `xl destroy` of the guest with the stuck device prints: a line for each of its
  /// devices that waits, the stuck one and those behind it in the same thread.
  static List<String> destroy(int domid, StallDemo.Kind kind) {
    List<String> lines = new ArrayList<>();
    kind.stuckDevices().forEach(device -> lines.add(unableToRemove(domid, device)));
    lines.add(destroyFailed(domid));
    return lines;
  }

  /// Returns the frames of the stuck thread, innermost first.
  static List<String> stack(StallDemo.Kind kind, boolean mtwatch) {
    List<String> driver =
        switch (kind) {
          case VIF ->
              List.of(
                  "kthread_stop",
                  "xenvif_disconnect_data [xen_netback]",
                  "set_backend_state [xen_netback]",
                  "frontend_changed [xen_netback]");
          case VBD -> List.of("kthread_stop");
          case PGRANT ->
              List.of(
                  "gnttab_unmap_refs_sync",
                  "free_persistent_gnts [xen_blkback]",
                  "xen_blkbk_free_caches [xen_blkback]");
        };
    List<String> removal = kind == StallDemo.Kind.VIF ? List.of() : REMOVAL_OF_VBD;
    List<String> base =
        List.of(mtwatch ? "mtwatch_thread" : "xenwatch_thread", "kthread", "ret_from_fork");
    return Stream.of(driver, removal, base).flatMap(List::stream).toList();
  }

  private static String unableToRemove(int domid, String device) {
    return error("libxl_device.c:1080:device_backend_callback", domid)
        + "unable to remove device with path "
        + BACKEND
        + device;
  }

  private static String destroyFailed(int domid) {
    return error("libxl_domain.c:1073:devices_destroy_cb", domid) + "libxl__devices_destroy failed";
  }

  private static String error(String where, int domid) {
    return "libxl: error: " + where + ": Domain " + domid + ":";
  }
}
