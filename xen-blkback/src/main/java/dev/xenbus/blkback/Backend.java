package dev.xenbus.blkback;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.io.blkif.BlockProtocol;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.NoThread;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The store's side of one device (`struct backend_info`, `drivers/block/xen-blkback/xenbus.c`).
///
/// | frontend's state | reaction |
/// |---|---|
/// | Initialising | from Closed to InitWait: it connects again |
/// | Initialised, Connected | unless Connected: disconnect, map the rings, try to connect |
/// | Closing | Closing; nothing is torn down |
/// | Closed | disconnect, Closed whatever came of that; unregister unless it is to stay |
/// | Unknown | unregister |
/// | others | fatal |
///
/// Threads: the bus's, or the guest's own with mtwatch; one call at a time. The physical-device
/// watch runs in the same thread; [#remove], which may come from another, closes it first.
final class Backend implements BackendDriver.Instance {
  private static final Pattern PHYSICAL_DEVICE =
      Pattern.compile("\\s*([0-9a-fA-F]{1,7}):([0-9a-fA-F]{1,7}).*");

  private static final int RADIX = 16;

  /// Characters of a thread's name before its ring's number (`TASK_COMM_LEN`, less the final 0).
  private static final int COMM_CHARS_MAX = 15;

  private final XenbusDevice device;
  private final Kernel kernel;
  private final Blkif blkif;
  private @Nullable XenbusWatch watch;

  /// The disk's number once it is open; null again if opening failed.
  private @Nullable DeviceNumber physicalDevice;

  private Backend(XenbusDevice device, DriverContext context) {
    this.device = device;
    this.kernel = context.kernel();
    this.blkif = new Blkif(device, context.kernel(), BlkbackOptions.of(context.parameters()));
  }

  /// Publishes the driver's limits, watches for the hotplug script's answer, and goes to InitWait.
  ///
  /// @throws KernelException with the store's errno
  @KernelSymbol(value = "xen_blkbk_probe", module = "xen_blkback")
  static Backend probe(XenbusDevice device, DriverContext context) throws KernelException {
    Backend backend = new Backend(device, context);
    try {
      VbdNodes.publishLimits(device, backend.blkif.options());
    } catch (XenstoreException e) {
      device.failDevice(e.errno(), "writing the limits of " + device.nodePath());
      throw new KernelException(e.errno(), "probe of " + device.nodePath(), e);
    }
    backend.watch =
        device.watch(device.nodePath() + "/physical-device", _ -> backend.backendChanged());
    device.switchState(XenbusState.INIT_WAIT);
    return backend;
  }

  // --- the disk -------------------------------------------------------------------------------

  @KernelSymbol(value = "backend_changed", module = "xen_blkback")
  private void backendChanged() {
    Optional<DeviceNumber> number = readPhysicalDevice();
    if (number.isEmpty()) {
      return;
    }
    DeviceNumber opened = physicalDevice;
    if (opened != null) {
      if (!opened.equals(number.get())) {
        kernel
            .printk()
            .warn(
                "xen-blkback: changing physical device (from %s to %s) not supported."
                    .formatted(opened, number.get()));
      }
      return;
    }
    if (open(number.get())) {
      physicalDevice = number.get();
      addAttributes(number.get());
      updateStatus();
    }
  }

  private Optional<DeviceNumber> readPhysicalDevice() {
    String value;
    try {
      value = read(device.nodePath(), "physical-device");
    } catch (XenstoreException e) {
      // Not there yet: the hotplug script writes it, and the watch tells.
      if (e.errno() != Errno.ENOENT) {
        device.failDevice(e.errno(), "reading physical-device");
      }
      return Optional.empty();
    }
    Matcher numbers = PHYSICAL_DEVICE.matcher(value);
    if (!numbers.matches()) {
      device.failDevice(Errno.EINVAL, "reading physical-device");
      return Optional.empty();
    }
    return Optional.of(
        new DeviceNumber(
            Integer.parseInt(numbers.group(1), RADIX), Integer.parseInt(numbers.group(2), RADIX)));
  }

  private boolean open(DeviceNumber number) {
    String mode;
    try {
      mode = read(device.nodePath(), "mode");
    } catch (XenstoreException e) {
      device.failDevice(e.errno(), "reading mode");
      return false;
    }
    boolean readOnly = mode.indexOf('w') < 0;
    try {
      blkif.vbd(Vbd.open(kernel.block(), number, readOnly, isCdrom()));
      return true;
    } catch (KernelException e) {
      kernel.printk().warn("xen-blkback: cannot open " + number + ": " + e.getMessage());
      device.failDevice(Errno.ENOENT, "creating vbd structure");
      return false;
    }
  }

  private boolean isCdrom() {
    try {
      return read(device.otherEndPath(), "device-type").equals("cdrom");
    } catch (XenstoreException _) {
      return false;
    }
  }

  private String read(String dir, String node) throws XenstoreException {
    return device.xenbus().read(XenbusTransaction.NONE, dir, node);
  }

  private void addAttributes(DeviceNumber number) {
    String mode = blkif.openVbd().isReadOnly() ? "r" : "w";
    device.addAttribute("physical_device", () -> number + "\n");
    device.addAttribute("mode", () -> mode + "\n");
    device.addAttribute("statistics/oo_req", () -> line(blkif.sum(s -> s.outOfRequests)));
    device.addAttribute("statistics/rd_req", () -> line(blkif.sum(s -> s.reads)));
    device.addAttribute("statistics/wr_req", () -> line(blkif.sum(s -> s.writes)));
    device.addAttribute("statistics/f_req", () -> line(blkif.sum(s -> s.flushes)));
    device.addAttribute("statistics/ds_req", () -> line(blkif.sum(s -> s.discards)));
    device.addAttribute("statistics/rd_sect", () -> line(blkif.sum(s -> s.readSectors)));
    device.addAttribute("statistics/wr_sect", () -> line(blkif.sum(s -> s.writeSectors)));
  }

  private static String line(long number) {
    return number + "\n";
  }

  // --- the frontend ---------------------------------------------------------------------------

  @Override
  public void otherEndChanged(XenbusState state) {
    otherEndChanged(state, state.code());
  }

  @Override
  @KernelSymbol(value = "frontend_changed", module = "xen_blkback")
  public void otherEndChanged(XenbusState state, int code) {
    switch (state) {
      case INITIALISING -> {
        if (device.state() == XenbusState.CLOSED) {
          kernel.printk().info("xen-blkback: " + device.nodePath() + ": prepare for reconnect");
          device.switchState(XenbusState.INIT_WAIT);
        }
      }
      case INITIALISED, CONNECTED -> connectRings();
      case CLOSING -> device.switchState(XenbusState.CLOSING);
      case CLOSED -> {
        // Closed even if requests are in flight: they keep what they need.
        blkif.disconnect();
        device.switchState(XenbusState.CLOSED);
        if (!device.isOnline()) {
          device.unregister();
        }
      }
      case UNKNOWN -> device.unregister();
      case INIT_WAIT, RECONFIGURING, RECONFIGURED, INVALID ->
          device.failDevice(Errno.EINVAL, "saw state %d at frontend".formatted(code));
    }
  }

  private void connectRings() {
    if (device.state() == XenbusState.CONNECTED) {
      return;
    }
    if (!blkif.disconnect()) {
      device.failDevice(Errno.EBUSY, "pending I/O");
      return;
    }
    if (!mapRings()) {
      blkif.disconnect();
      return;
    }
    updateStatus();
  }

  private boolean mapRings() {
    RingAddress.All addresses;
    try {
      addresses = RingAddress.read(device, blkif.options());
    } catch (KernelException e) {
      device.failDevice(e.errno(), String.valueOf(e.getMessage()));
      return false;
    }
    List<RingAddress> rings = addresses.rings();
    kernel
        .printk()
        .info(
            "xen-blkback: %s: using %d queues, protocol %d (%s) %s"
                .formatted(
                    device.nodePath(),
                    rings.size(),
                    kernelNumber(addresses.protocol()),
                    addresses.protocolName(),
                    addresses.persistent() ? "persistent grants" : ""));
    blkif.allocateRings(rings.size(), addresses.protocol(), addresses.persistent());
    for (BlkifRing ring : blkif.rings()) {
      RingAddress address = rings.get(ring.index());
      try {
        ring.connect(address.refs(), address.port());
      } catch (KernelException e) {
        device.failDevice(e.errno(), "mapping ring-ref port %d".formatted(address.port()));
        return false;
      }
    }
    return true;
  }

  /// Returns the driver's own number for a protocol, which its log line shows (`enum
  /// blkif_protocol`): the 64-bit one is the native one.
  private static int kernelNumber(BlockProtocol protocol) {
    return switch (protocol) {
      case X86_64 -> 1;
      case X86_32 -> 2;
    };
  }

  /// Connects if rings and disk are both there (`xen_update_blkif_status`): whichever comes last.
  private void updateStatus() {
    if (blkif.vbd() == null || !blkif.isMapped() || device.state() == XenbusState.CONNECTED) {
      return;
    }
    try {
      VbdNodes.publishDisk(blkif);
    } catch (XenstoreException e) {
      device.failDevice(e.errno(), "writing the disk of " + device.nodePath());
      return;
    }
    // Before there are workers, as in the real driver: an early request waits in the ring.
    device.switchState(XenbusState.CONNECTED);
    startWorkers();
  }

  private void startWorkers() {
    String name;
    try {
      name = threadName(read(device.nodePath(), "dev"));
    } catch (XenstoreException e) {
      device.reportError(e.errno(), "get blkback dev name");
      return;
    }
    for (BlkifRing ring : blkif.rings()) {
      try {
        ring.start(name + "-" + ring.index());
      } catch (NoThread _) {
        blkif.rings().forEach(BlkifRing::stop);
        device.failDevice(Errno.ENOMEM, "start %s-%d xenblkd".formatted(name, ring.index()));
        return;
      }
    }
  }

  private String threadName(String dev) {
    String prefix = "/dev/";
    int at = dev.indexOf(prefix);
    String disk = at < 0 ? dev : dev.substring(at + prefix.length());
    String name = device.otherEndDomid() + "." + disk;
    return name.length() <= COMM_CHARS_MAX ? name : name.substring(0, COMM_CHARS_MAX);
  }

  @Override
  public void reclaimMemory() {
    blkif.squeeze();
  }

  @Override
  @KernelSymbol(value = "xen_blkbk_remove", module = "xen_blkback")
  public void remove() {
    if (watch != null) {
      watch.close();
    }
    // Busy or not: each request in flight holds a reference, the last of them frees.
    blkif.disconnect();
    blkif.put();
  }
}
