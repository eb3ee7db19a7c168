package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Network interfaces on their way in (`libxl_nic.c`).
final class NicDevice {
  private NicDevice() {}

  /// Returns the interface with number, address and bridge settled.
  ///
  /// @param devid the number it gets if it has none
  static NicConfig settle(LibxlContext ctx, NicConfig nic, int devid) {
    return nic.settled(
        nic.devid() < 0 ? devid : nic.devid(),
        nic.mac().isEmpty() ? randomMac(ctx.random()) : nic.mac());
  }

  // 00:16:3e is Xen's own prefix.
  private static String randomMac(RandomGenerator random) {
    int bits = random.nextInt(1 << 24);
    return String.format(
        Locale.ROOT,
        "00:16:3e:%02x:%02x:%02x",
        (bits >> 16) & 0x7f,
        (bits >> 8) & 0xff,
        bits & 0xff);
  }

  /// Returns the lowest number above all that the guest has (`libxl__device_nextid`).
  static int nextDevid(LibxlContext ctx, Domid domid) throws IOException {
    List<String> used =
        ctx.xs().plain().directory("/libxl/" + domid + "/device/vif").orElse(List.of());
    return used.stream().mapToInt(name -> Numbers.orElse(name, -1)).max().orElse(-1) + 1;
  }

  /// Writes an interface's nodes and starts to wait for its backend.
  ///
  /// @param nic settled
  static DeviceOperation add(LibxlContext ctx, Domid domid, NicConfig nic)
      throws IOException, LibxlException {
    Domid backend = DomainNames.resolveBackend(ctx, nic.backend());
    Device device = Device.of(DeviceKind.VIF, nic.devid(), domid, backend);
    return DeviceOperation.create(ctx, device, nodes(ctx, device, nic));
  }

  private static DeviceNodes nodes(LibxlContext ctx, Device device, NicConfig nic) {
    XlRelease release = ctx.release();
    int initialising = XenbusState.INITIALISING.code();
    DeviceNodes nodes = new DeviceNodes(device);
    nodes
        .front("backend-id", device.backendDomid())
        .front("state", initialising)
        .front("handle", device.devid())
        .front("mac", nic.mac());
    if (release.hasNodesOf417()) {
      nodes.front("trusted", DiskDevice.flag(nic.trusted()));
    }
    if (release.hasMtuNode()) {
      nodes.frontReadOnly("mtu", nic.mtu());
    }
    nodes
        .back("frontend-id", device.domid())
        .back("online", 1)
        .back("state", initialising)
        .back("script", Hotplug.pathOf(nic.script(), "vif-bridge"))
        .backIfGiven("vifname", nic.vifname())
        .back("mac", nic.mac())
        .backIfGiven("ip", nic.ip())
        .backIfGiven("gatewaydev", nic.gatewayDevice())
        .backIfGiven("rate", nic.rate().map(NicConfig.Rate::toString).orElse(""));
    if (release.hasMtuNode() && nic.mtu() != NicConfig.MTU_DEFAULT) {
      nodes.back("mtu", nic.mtu());
    }
    nodes.back("bridge", nic.bridge()).back("handle", device.devid()).back("type", "vif");
    if (release.hasNodesOf417()) {
      nodes.back("hotplug-status", "");
    }
    return nodes;
  }

  /// Returns the device of a number or an address.
  ///
  /// @throws LibxlException said in the log
  static Device find(LibxlContext ctx, Domid domid, String devidOrMac)
      throws IOException, LibxlException {
    Xs.Nodes store = ctx.xs().plain();
    String folder = "/libxl/" + domid + "/device/vif";
    if (devidOrMac.indexOf(':') >= 0) {
      for (String devid : store.directory(folder).orElse(List.of())) {
        String mac = store.read(folder + "/" + devid + "/mac").orElse("");
        if (mac.equalsIgnoreCase(devidOrMac)) {
          return placed(store, domid, folder, devid).orElseThrow(() -> new LibxlException(Rc.FAIL));
        }
      }
      throw new LibxlException(Rc.NOTFOUND);
    }
    Optional<Device> device = placed(store, domid, folder, devidOrMac);
    if (device.isEmpty()) {
      ctx.log()
          .error(
              LogSite.XS_READ_MANDATORY,
              "xenstore read failed: `"
                  + folder
                  + "/"
                  + devidOrMac
                  + "': No such file or directory");
      throw new LibxlException(Rc.FAIL);
    }
    return device.get();
  }

  private static Optional<Device> placed(Xs.Nodes store, Domid domid, String folder, String devid)
      throws IOException {
    int number = Numbers.orElse(devid, -1);
    Optional<String> backend =
        number < 0 ? Optional.empty() : store.read(folder + "/" + number + "/backend");
    return backend.map(path -> Device.of(DeviceKind.VIF, number, domid, DomainNames.ownerOf(path)));
  }
}
