package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Devices of a domain, as the toolstack remembers them below `/libxl`.
final class DeviceLister {
  private DeviceLister() {}

  static List<Toolstack.DeviceEntry> list(LibxlContext ctx, Domid domid, DeviceKind kind)
      throws IOException {
    Xs.Nodes store = ctx.xs().plain();
    String folder = "/libxl/" + domid + "/device/" + kind;
    List<Toolstack.DeviceEntry> entries = new ArrayList<>();
    for (String devid : store.directory(folder).orElse(List.of())) {
      Optional<String> backend = store.read(folder + "/" + devid + "/backend");
      int number = Numbers.orElse(devid, -1);
      if (backend.isPresent() && number >= 0) {
        Device device = Device.of(kind, number, domid, DomainNames.ownerOf(backend.get()));
        String mac = store.read(folder + "/" + devid + "/mac").orElse("");
        entries.add(entryOf(device, mac));
      }
    }
    return entries;
  }

  static Toolstack.DeviceEntry entryOf(Device device, String mac) {
    return new Toolstack.DeviceEntry(
        device.devid(),
        device.backendDomid(),
        device.domid(),
        device.backendPath(),
        device.frontendPath(),
        mac);
  }
}
