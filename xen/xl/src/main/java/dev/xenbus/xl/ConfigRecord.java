package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import java.util.ArrayList;
import java.util.List;

/// Keeps a domain's configuration up to date when devices come and go
/// (`libxl__set_domain_configuration`): who lists, restarts or saves the guest finds them there.
final class ConfigRecord {
  private ConfigRecord() {}

  static void add(XlHost host, Domid domid, DiskConfig disk) {
    host.config(domid)
        .ifPresent(old -> host.save(domid, old.withDevices(plus(old.disks(), disk), old.nics())));
  }

  static void add(XlHost host, Domid domid, NicConfig nic) {
    host.config(domid)
        .ifPresent(old -> host.save(domid, old.withDevices(old.disks(), plus(old.nics(), nic))));
  }

  private static <T> List<T> plus(List<T> list, T more) {
    List<T> longer = new ArrayList<>(list);
    longer.add(more);
    return longer;
  }

  static void remove(XlHost host, Domid domid, DeviceKind kind, long devid) {
    host.config(domid)
        .ifPresent(
            old ->
                host.save(
                    domid,
                    kind == DeviceKind.VBD
                        ? old.withDevices(
                            old.disks().stream()
                                .filter(disk -> DiskNumber.of(disk.vdev()).orElse(-1) != devid)
                                .toList(),
                            old.nics())
                        : old.withDevices(
                            old.disks(),
                            old.nics().stream().filter(nic -> nic.devid() != devid).toList())));
  }
}
