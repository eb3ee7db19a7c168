package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import java.util.OptionalLong;

/// Disks on their way in (`libxl_disk.c`).
final class DiskDevice {
  private DiskDevice() {}

  /// Checks that a disk can be served (`libxl__device_disk_setdefault`).
  ///
  /// @throws LibxlException `INVAL`, said in the log
  static void checkBackend(LibxlContext ctx, DiskConfig disk) throws LibxlException {
    boolean elsewhere = !disk.backend().isEmpty() && !disk.backend().equals("0");
    boolean unknownFile =
        disk.script().isEmpty()
            && !elsewhere
            && disk.format() != DiskConfig.Format.EMPTY
            && BlockScript.blockDevice(ctx.kernel().block(), disk.target()).isEmpty()
            && !Files.exists(ctx.files().apply(disk.target()));
    if (unknownFile) {
      ctx.log()
          .error(
              LogSite.DISK_SET_BACKEND,
              "Disk vdev="
                  + disk.vdev()
                  + " failed to stat: "
                  + disk.target()
                  + ": No such file or directory");
      throw new LibxlException(Rc.INVAL);
    }
    boolean raw =
        disk.format() == DiskConfig.Format.RAW || disk.format() == DiskConfig.Format.EMPTY;
    boolean phy = disk.backendType().map(DiskConfig.BackendType.PHY::equals).orElse(true);
    if (!raw || !phy) { // there is no QEMU here
      ctx.log().error("no suitable backend for disk " + disk.vdev());
      throw new LibxlException(Rc.INVAL);
    }
  }

  /// Writes a disk's nodes and starts to wait for its backend (`device_disk_add`).
  static DeviceOperation add(LibxlContext ctx, Domid domid, DomainType type, DiskConfig disk)
      throws IOException, LibxlException {
    OptionalLong number = DiskNumber.of(disk.vdev());
    Domid backend = DomainNames.resolveBackend(ctx, disk.backend());
    if (number.isEmpty()) {
      ctx.log().error("Invalid or unsupported virtual disk identifier " + disk.vdev());
      return DeviceOperation.failed(ctx, Device.of(DeviceKind.VBD, -1, domid, backend), Rc.INVAL);
    }
    Device device = Device.of(DeviceKind.VBD, number.getAsLong(), domid, backend);
    return DeviceOperation.create(ctx, device, nodes(ctx, device, type, disk));
  }

  private static DeviceNodes nodes(
      LibxlContext ctx, Device device, DomainType type, DiskConfig disk) {
    boolean recent = ctx.release().hasNodesOf417();
    String deviceType = disk.cdrom() ? "cdrom" : "disk";
    int initialising = XenbusState.INITIALISING.code();
    DeviceNodes nodes = new DeviceNodes(device);
    nodes
        .front("backend-id", device.backendDomid())
        .front("state", initialising)
        .front("virtual-device", device.devid())
        .front("device-type", deviceType);
    if (recent) {
      nodes.front("trusted", flag(disk.trusted()));
    }
    if (type == DomainType.PV) {
      nodes.front("protocol", "x86_64-abi");
    }
    nodes
        .back("params", disk.target())
        .back("script", Hotplug.pathOf(disk.script(), "block"))
        .back("frontend-id", device.domid())
        .back("online", 1)
        .back("removable", flag(disk.removable() || disk.cdrom()))
        .back("bootable", 1)
        .back("state", initialising)
        .back("dev", disk.vdev())
        .back("type", DiskConfig.BackendType.PHY)
        .back("mode", disk.writable() ? "w" : "r")
        .back("device-type", deviceType);
    if (disk.directIoSafe()) {
      nodes.back("direct-io-safe", 1);
    }
    nodes.back("discard-enable", flag(disk.discard().orElse(disk.writable())));
    if (recent) {
      nodes.back("specification", "xen");
    }
    return nodes;
  }

  static int flag(boolean set) {
    return set ? 1 : 0;
  }

  /// Returns the device that a name or number stands for (`libxl_vdev_to_device_disk`).
  ///
  /// @throws LibxlException said in the log
  static Device find(LibxlContext ctx, Domid domid, String vdev)
      throws IOException, LibxlException {
    OptionalLong number = DiskNumber.of(vdev);
    if (number.isEmpty()) {
      throw new LibxlException(Rc.INVAL);
    }
    Device unplaced = Device.of(DeviceKind.VBD, number.getAsLong(), domid, Domid.DOM0);
    Xs.Nodes store = ctx.xs().plain();
    Optional<String> backend = store.read(unplaced.libxlPath() + "/backend");
    if (backend.isEmpty()) {
      ctx.log()
          .error(
              LogSite.DISK_FROM_XENSTORE,
              "disk " + unplaced.libxlPath() + " does not exist (no backend path");
      throw new LibxlException(Rc.FAIL);
    }
    return new Device(unplaced.kind(), unplaced.devid(), domid, DomainNames.ownerOf(backend.get()));
  }
}
