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
        && !request.startsWith("WRITE backend/"); // the scripts
  }

  static List<String> create(int domid, String uuid) {
    ExpectedTraffic traffic = new ExpectedTraffic(domid, uuid);
    traffic.skeleton(uuid);
    traffic.description();
    traffic.disk();
    traffic.console();
    traffic.nic();
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

  private void description() {
    add("TRANSACTION_START ");
    write(home + "/memory/static-max", "1048576");
    write(home + "/memory/target", "1048576");
    write(home + "/memory/videoram", "0");
    write(home + "/domid", Integer.toString(domid));
    write(home + "/store/port", "1");
    write(home + "/store/ring-ref", "260095");
    write(home + "/cpu/0/availability", "online");
    write(home + "/cpu/1/availability", "online");
    write(vm + "/image/ostype", "linux");
    write(vm + "/image/kernel", "/srv/guests/vmlinuz");
    write(vm + "/start_time", "1767225600.00");
    write(vm + "/image/ramdisk", "/srv/guests/initrd.img");
    write(vm + "/image/cmdline", "root=/dev/xvda1 ro console=hvc0");
    add("TRANSACTION_END T");
    add("INTRODUCE " + domid + " 260095 1");
    write("/libxl/" + domid + "/dm-version", "qemu_xen");
  }

  private void device(
      String kind,
      String devid,
      List<String> front,
      List<String> frontReadOnly,
      List<String> back) {
    String frontend = home + "/device/" + kind + "/" + devid;
    String backend = "/local/domain/0/backend/" + kind + "/" + domid + "/" + devid;
    String libxl = "/libxl/" + domid + "/device/" + kind + "/" + devid;
    String owned = "n" + domid + " r0";
    add("TRANSACTION_START ");
    add("RM " + libxl);
    write(libxl + "/frontend", frontend);
    write(libxl + "/backend", backend);
    add("RM " + frontend);
    add("MKDIR " + frontend);
    add("SET_PERMS " + frontend + " " + owned);
    write(frontend + "/backend", backend);
    front.forEach(node -> writeNode(frontend, node, owned));
    frontReadOnly.forEach(node -> writeNode(frontend, node, "n0 r" + domid));
    add("RM " + backend);
    add("MKDIR " + backend);
    add("SET_PERMS " + backend + " n0 r" + domid);
    write(backend + "/frontend", frontend);
    back.forEach(node -> writeNode(backend, node));
    back.forEach(node -> writeNode(libxl, node));
    add("TRANSACTION_END T");
  }

  // A node is written as "name=value".
  private void writeNode(String folder, String node, String permissions) {
    int equals = node.indexOf('=');
    String path = folder + "/" + node.substring(0, equals);
    write(path, node.substring(equals + 1), permissions);
  }

  private void disk() {
    device(
        "vbd",
        "51712",
        List.of(
            "backend-id=0",
            "state=1",
            "virtual-device=51712",
            "device-type=disk",
            "trusted=1",
            "protocol=x86_64-abi"),
        List.of(),
        List.of(
            "params=disk.img",
            "script=/etc/xen/scripts/block",
            "frontend-id=" + domid,
            "online=1",
            "removable=0",
            "bootable=1",
            "state=1",
            "dev=xvda",
            "type=phy",
            "mode=w",
            "device-type=disk",
            "discard-enable=1",
            "specification=xen"));
    add("WATCH /local/domain/0/backend/vbd/" + domid + "/51712/state 3/0");
    add("UNWATCH /local/domain/0/backend/vbd/" + domid + "/51712/state 3/0");
  }

  private void nic() {
    device(
        "vif",
        "0",
        List.of("backend-id=0", "state=1", "handle=0", "mac=00:16:3e:12:34:56", "trusted=1"),
        List.of("mtu=1500"),
        List.of(
            "frontend-id=" + domid,
            "online=1",
            "state=1",
            "script=/etc/xen/scripts/vif-bridge",
            "mac=00:16:3e:12:34:56",
            "bridge=xenbr0",
            "handle=0",
            "type=vif",
            "hotplug-status="));
    add("WATCH /local/domain/0/backend/vif/" + domid + "/0/state 3/1");
    add("UNWATCH /local/domain/0/backend/vif/" + domid + "/0/state 3/1");
    add("WATCH " + home + "/console/tty 3/2");
    add("UNWATCH " + home + "/console/tty 3/2");
  }

  private void console() {
    String frontend = home + "/console";
    String backend = "/local/domain/0/backend/console/" + domid + "/0";
    String libxl = "/libxl/" + domid + "/device/console/0";
    String readOnly = "n0 r" + domid;
    add("TRANSACTION_START ");
    add("RM " + libxl);
    write(libxl + "/frontend", frontend);
    write(libxl + "/backend", backend);
    add("RM " + frontend);
    add("MKDIR " + frontend);
    add("SET_PERMS " + frontend + " " + readOnly);
    write(frontend + "/backend", backend);
    write(frontend + "/backend-id", "0", "n" + domid + " r0");
    write(frontend + "/limit", "1048576", readOnly);
    write(frontend + "/type", "xenconsoled", readOnly);
    write(frontend + "/output", "pty", readOnly);
    write(frontend + "/tty", "", readOnly);
    write(frontend + "/port", "2", readOnly);
    write(frontend + "/ring-ref", "260094", readOnly);
    add("RM " + backend);
    add("MKDIR " + backend);
    add("SET_PERMS " + backend + " " + readOnly);
    write(backend + "/frontend", frontend);
    List<String> nodes = List.of("frontend-id=" + domid, "online=1", "state=1", "protocol=vt100");
    nodes.forEach(node -> writeNode(backend, node));
    nodes.forEach(node -> writeNode(libxl, node));
    add("TRANSACTION_END T");
  }

  private void writeNode(String folder, String node) {
    int equals = node.indexOf('=');
    write(folder + "/" + node.substring(0, equals), node.substring(equals + 1));
  }
}
