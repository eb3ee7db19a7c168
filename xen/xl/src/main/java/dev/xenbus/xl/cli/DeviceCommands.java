package dev.xenbus.xl.cli;

import dev.xenbus.abi.Domid;
import dev.xenbus.xl.DiskConfig;
import dev.xenbus.xl.LibxlException;
import dev.xenbus.xl.NicConfig;
import dev.xenbus.xl.Toolstack;
import dev.xenbus.xl.Toolstack.DeviceEntry;
import dev.xenbus.xl.XlRelease;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The commands about disks and network interfaces.
final class DeviceCommands {
  private static final String COMMAND_LINE = "command line";

  private DeviceCommands() {}

  static int blockList(XlProcess xl, Options options) throws LibxlException {
    xl.out()
        .printf(
            "%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n",
            "Vdev", "BE", "handle", "state", "evt-ch", "ring-ref", "BE-path");
    for (String argument : options.arguments()) {
      Optional<Domid> domid = listed(xl, argument);
      if (domid.isEmpty()) {
        continue;
      }
      for (DeviceEntry disk : xl.toolstack().disks(domid.get())) {
        xl.out()
            .printf(
                "%-5d %-3d %-6d %-5d %-6d %-8d %-30s\n",
                disk.devid(),
                disk.backendDomid().value(),
                disk.frontendDomid().value(),
                xl.toolstack().number(disk.frontendPath() + "/state"),
                xl.toolstack().number(disk.frontendPath() + "/event-channel"),
                xl.toolstack().number(disk.frontendPath() + "/ring-ref"),
                disk.backendPath());
      }
    }
    return 0;
  }

  static int networkList(XlProcess xl, Options options) throws LibxlException {
    xl.out()
        .printf(
            "%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s\n",
            "Idx", "BE", "Mac Addr.", "handle", "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
    for (String argument : options.arguments()) {
      Optional<Domid> domid = listed(xl, argument);
      if (domid.isEmpty()) {
        continue;
      }
      for (DeviceEntry nic : xl.toolstack().nics(domid.get())) {
        xl.out()
            .printf(
                "%-3d %-2d %s%6d %5d %6d %5d/%-11d %-30s\n",
                nic.devid(),
                nic.backendDomid().value(),
                nic.mac(),
                nic.devid(),
                xl.toolstack().number(nic.frontendPath() + "/state"),
                xl.toolstack().number(nic.frontendPath() + "/event-channel"),
                xl.toolstack().number(nic.frontendPath() + "/tx-ring-ref"),
                xl.toolstack().number(nic.frontendPath() + "/rx-ring-ref"),
                nic.backendPath());
      }
    }
    return 0;
  }

  // A bad domain is said, and the others are listed all the same.
  private static Optional<Domid> listed(XlProcess xl, String argument) throws LibxlException {
    Optional<Domid> domid = xl.toolstack().byQualifier(argument);
    if (domid.isEmpty()) {
      xl.err().println(argument + " is an invalid domain identifier");
    }
    return domid;
  }

  private static Domid attachTo(XlProcess xl, String argument)
      throws LibxlException, UsageException {
    return xl.toolstack()
        .byQualifier(argument)
        .orElseThrow(() -> new UsageException(1, argument + " is an invalid domain identifier"));
  }

  static int blockAttach(XlProcess xl, Options options) throws LibxlException, UsageException {
    Domid domid = attachTo(xl, options.first());
    DiskConfig disk;
    try {
      disk = DiskSpec.parse(COMMAND_LINE, String.join(",", options.rest()));
    } catch (GuestConfigException e) {
      throw new UsageException(e.exitCode(), e.text());
    }
    try {
      xl.toolstack().addDisk(domid, disk);
      return 0;
    } catch (LibxlException _) {
      throw new UsageException(1, "libxl_device_disk_add failed.");
    }
  }

  static int blockDetach(XlProcess xl, Options options) throws LibxlException, UsageException {
    Domid domid = xl.domain(options.first());
    String vdev = options.rest().getFirst();
    DeviceEntry disk;
    try {
      disk = xl.toolstack().findDisk(domid, vdev);
    } catch (LibxlException _) {
      throw new UsageException(1, "Error: Device " + vdev + " not connected.");
    }
    boolean force = options.has('f');
    try {
      xl.toolstack().removeDisk(disk, force);
      return 0;
    } catch (LibxlException _) {
      throw new UsageException(1, detachFailure(xl.services().release(), force));
    }
  }

  private static String detachFailure(XlRelease release, boolean force) {
    if (force) {
      return "libxl_device_disk_destroy failed.";
    }
    return release == XlRelease.XEN_4_10
        ? "libxl_device_disk_remove failed."
        : "libxl_device_disk_safe_remove failed.";
  }

  static int networkAttach(XlProcess xl, Options options) throws LibxlException, UsageException {
    Domid domid = attachTo(xl, options.first());
    NicConfig nic;
    try {
      List<String> complaints = new ArrayList<>();
      nic = NicSpec.parse(COMMAND_LINE, options.rest(), complaints::add);
      if (!complaints.isEmpty()) {
        throw new UsageException(1, complaints.getFirst());
      }
    } catch (GuestConfigException e) {
      throw new UsageException(e.exitCode(), e.text());
    }
    try {
      xl.toolstack().addNic(domid, nic);
      return 0;
    } catch (LibxlException _) {
      throw new UsageException(1, "libxl_device_nic_add failed.");
    }
  }

  static int networkDetach(XlProcess xl, Options options) throws LibxlException, UsageException {
    Domid domid = xl.domain(options.first());
    String which = options.rest().getFirst();
    Toolstack.DeviceEntry nic;
    try {
      nic = xl.toolstack().findNic(domid, which);
    } catch (LibxlException e) {
      throw new UsageException(1, "Unknown device " + which + ".");
    }
    try {
      xl.toolstack().removeNic(nic);
      return 0;
    } catch (LibxlException _) {
      throw new UsageException(1, "libxl_device_nic_del failed.");
    }
  }
}
