package dev.xenbus.xl;

import java.util.ArrayList;
import java.util.List;

/// What Debian's xl 4.17 sends to make a paravirtual guest with one disk and one interface: every
/// request that changes something, in order.
final class ExpectedTraffic {
  private final List<String> requests = new ArrayList<>();
  private final int domid;
  private final String home;
  private final String vm;

  private ExpectedTraffic(int domid, String uuid) {
    this.domid = domid;
    this.home = "/local/domain/" + domid;
    this.vm = "/vm/" + uuid;
  }

  static boolean isChange(String request) {
    return !request.startsWith("READ ")
        && !request.startsWith("GET_DOMAIN_PATH ")
        && !request.startsWith("DIRECTORY ")
        && !request.startsWith("WRITE backend/") // the scripts
        && !request.startsWith("WRITE " + "/vm/start_time");
  }

  static List<String> create(int domid, String uuid) {
    ExpectedTraffic traffic = new ExpectedTraffic(domid, uuid);
    traffic.skeleton(uuid);
    return traffic.requests;
  }

  private void add(String request) {
    requests.add(request);
  }

  private void write(String path, String value) {
    add("WRITE " + path + (value.isEmpty() ? "" : " " + value));
  }

  private void write(String path, String value, String permissions) {
    write(path, value);
    add("SET_PERMS " + path + " " + permissions);
  }

  private void skeleton(String uuid) {
    String readOnly = "n0 r" + domid;
    String writable = "n" + domid;
    add("TRANSACTION_START ");
    add("RM " + home);
    write(home, "", readOnly);
    add("RM " + vm);
    write(vm, "", readOnly);
    add("RM /libxl/" + domid);
    write("/libxl/" + domid, "", "n0");
    write("/libxl/" + domid + "/device", "", "n0");
    write(home + "/vm", vm);
    write(home + "/name", "pv1");
    write(vm + "/name", "pv1");
    write(home + "/cpu", "", readOnly);
    write(home + "/memory", "", readOnly);
    write(home + "/device", "", readOnly);
    write(home + "/device/suspend/event-channel", "", writable);
    write(home + "/control", "", readOnly);
    for (String node :
        List.of("shutdown", "feature-poweroff", "feature-reboot", "feature-suspend", "sysrq")) {
      write(home + "/control/" + node, "", writable);
    }
    for (String node : List.of("data", "drivers", "feature", "attr", "error")) {
      write(home + "/" + node, "", writable);
    }
    write(vm + "/uuid", uuid);
    write(vm + "/name", "pv1");
    write(home + "/control/platform-feature-multiprocessor-suspend", "1");
    write(home + "/control/platform-feature-xs_reset_watches", "1");
    write("/libxl/" + domid + "/type", "pv");
    add("TRANSACTION_END T");
    write("/libxl/" + domid + "/dm-version", "qemu_xen");
  }
}
