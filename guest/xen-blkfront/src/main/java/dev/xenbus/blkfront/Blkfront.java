package dev.xenbus.blkfront;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.io.blkif.BlockProtocol;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.DiskOptions;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Timer;
import dev.xenbus.machine.TimerKind;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The store's side of one device (`struct blkfront_info`).
///
/// | backend's state | reaction |
/// |---|---|
/// | InitWait | if Initialising: publish rings, Initialised |
/// | Connected | unless rings are published: publish them; then connect |
/// | Closing, Closed | stop, Closed |
/// | others | nothing |
///
/// To connect is, the first time, to make the disk; after that to take its new size; after a resume
/// to go on with what was kept.
///
/// Differs: all data goes through pages of this driver, as with `trusted=0` in the real one, since
/// a request's memory here has no frame number that could be granted. The parameter and the node
/// change only the log line.
///
/// Threads: the bus's, one call at a time.
final class Blkfront implements FrontendDriver.Instance {
  /// Bits of the node `info`.
  private static final int INFO_CDROM = 1;

  private static final int INFO_READ_ONLY = 4;

  /// How often grants are ended that the backend has let go of.
  private static final long TRIM_NANOS = 10_000_000_000L;

  private final XenbusDevice device;
  private final Kernel kernel;
  private final BlkfrontOptions options;
  private final DiskName diskName;
  private final RequestQueue queue;
  private final GrantPool pool;
  private final Timer trimTimer;
  private List<BlkfrontRing> rings = List.of();
  private volatile boolean isRemoved;
  private @Nullable Disk disk;

  private Blkfront(XenbusDevice device, DriverContext context, DiskName diskName) {
    this.device = device;
    this.kernel = context.kernel();
    this.options = BlkfrontOptions.of(context.parameters());
    this.diskName = diskName;
    this.queue = new RequestQueue(kernel, diskName.name());
    this.pool = new GrantPool(kernel, device.otherEndDomid());
    this.trimTimer = kernel.cpu().timer("blkfront_trim", TimerKind.HOUSEKEEPING, this::trim);
  }

  /// Learns which disk it is; publishes nothing yet.
  ///
  /// @throws KernelException `ENODEV`, or the store's errno
  static Blkfront probe(XenbusDevice device, DriverContext context) throws KernelException {
    Xenbus xenbus = device.xenbus();
    OptionalLong number = readNumber(xenbus, device.nodePath(), "virtual-device");
    if (number.isEmpty()) {
      number = readNumber(xenbus, device.nodePath(), "virtual-device-ext");
    }
    if (number.isEmpty()) {
      device.failDevice(Errno.ENOENT, "reading virtual-device");
      throw new KernelException(Errno.ENOENT, "probe of " + device.nodePath());
    }
    return new Blkfront(device, context, DiskName.of(number.getAsLong()));
  }

  private static OptionalLong readNumber(Xenbus xenbus, String dir, String node) {
    return xenbus.tryReadNumber(XenbusTransaction.NONE, dir, node);
  }

  @Override
  public boolean isReady() {
    return disk != null;
  }

  // --- the backend's states -------------------------------------------------------------------

  @Override
  public void otherEndChanged(XenbusState state) {
    switch (state) {
      case INIT_WAIT -> {
        if (device.state() == XenbusState.INITIALISING) {
          publishRings();
        }
      }
      case CONNECTED -> {
        boolean published =
            device.state() == XenbusState.INITIALISED || device.state() == XenbusState.CONNECTED;
        if (published || publishRings()) {
          connect();
        }
      }
      case CLOSING -> closing();
      case CLOSED -> {
        if (device.state() != XenbusState.CLOSED) {
          closing();
        }
      }
      case UNKNOWN, INITIALISING, INITIALISED, RECONFIGURING, RECONFIGURED, INVALID -> {}
    }
  }

  /// Mirrors `talk_to_blkback`.
  ///
  /// @return false if it failed; then the error is reported and nothing is kept
  private boolean publishRings() {
    try {
      makeRings();
      device.xenbus().transaction(this::publish);
    } catch (XenstoreException e) {
      device.failDevice(e.errno(), "publishing the rings");
      closeRings(queue.suspend());
      return false;
    } catch (KernelException e) {
      device.failDevice(e.errno(), String.valueOf(e.getMessage()));
      closeRings(queue.suspend());
      return false;
    }
    device.switchState(XenbusState.INITIALISED);
    return true;
  }

  private void makeRings() throws KernelException {
    closeRings(queue.suspend());
    long order = Math.min(options.ringPageOrderMax(), backendNumber("max-ring-page-order", 0));
    long queues = Math.min(options.queuesMax(), backendNumber("multi-queue-max-queues", 1));
    int handle = handle();
    List<BlkfrontRing> fresh = new ArrayList<>();
    for (int i = 0; i < Math.max(1, queues); i++) {
      var ring = new BlkfrontRing(device.setupRing(1 << order), pool, handle);
      fresh.add(ring);
      rings = List.copyOf(fresh);
      queue.rings(fresh);
      ring.bind(device.allocateEventChannel("blkif", from -> queue.interrupt(ring, from)));
    }
  }

  private long backendNumber(String node, long fallback) {
    return device.xenbus().readUnsigned(device.otherEndPath(), node, fallback);
  }

  /// The last part of the device's own path; requests carry its low 16 bits.
  private int handle() throws KernelException {
    String path = device.nodePath();
    String last = path.substring(path.lastIndexOf('/') + 1);
    try {
      return (int) Long.parseLong(last);
    } catch (NumberFormatException e) {
      throw new KernelException(Errno.EINVAL, "no device number at the end of " + path, e);
    }
  }

  private boolean publish(XenbusTransaction tx) throws XenstoreException {
    String node = device.nodePath();
    boolean multiPage = rings.getFirst().refs().size() > 1;
    if (multiPage) {
      int order = Integer.numberOfTrailingZeros(rings.getFirst().refs().size());
      write(tx, node, "ring-page-order", Integer.toString(order));
    }
    if (rings.size() == 1) {
      publishRing(tx, node, rings.getFirst());
    } else {
      write(tx, node, "multi-queue-num-queues", Integer.toString(rings.size()));
      for (int i = 0; i < rings.size(); i++) {
        publishRing(tx, node + "/queue-" + i, rings.get(i));
      }
    }
    write(tx, node, "protocol", BlockProtocol.X86_64.abiName());
    write(tx, node, "feature-persistent", options.persistent() ? "1" : "0");
    return true;
  }

  private void publishRing(XenbusTransaction tx, String dir, BlkfrontRing ring)
      throws XenstoreException {
    List<Integer> refs = ring.refs();
    if (refs.size() == 1) {
      write(tx, dir, "ring-ref", Integer.toUnsignedString(refs.getFirst()));
    } else {
      for (int i = 0; i < refs.size(); i++) {
        write(tx, dir, "ring-ref" + i, Integer.toUnsignedString(refs.get(i)));
      }
    }
    var channel = ring.channel();
    write(tx, dir, "event-channel", Integer.toString(channel == null ? 0 : channel.port()));
  }

  private void write(XenbusTransaction tx, String dir, String node, String value)
      throws XenstoreException {
    device.xenbus().write(tx, dir, node, value);
  }

  // --- connected ------------------------------------------------------------------------------

  /// Mirrors `blkfront_connect`.
  private void connect() {
    switch (queue.state()) {
      case CONNECTED -> takeNewSize();
      case SUSPENDED -> recover();
      case DISCONNECTED -> connectFirst();
      case BROKEN, CLOSED -> {}
    }
  }

  private void takeNewSize() {
    OptionalLong sectors = readNumber(device.xenbus(), device.otherEndPath(), "sectors");
    Disk known = disk;
    if (sectors.isPresent() && sectors.getAsLong() >= 0 && known != null) {
      kernel.printk().info("Setting capacity to " + sectors.getAsLong());
      known.sectors(sectors.getAsLong());
    }
  }

  private void recover() {
    Features features = Features.read(device, options);
    device.switchState(XenbusState.CONNECTED);
    queue.connect(features);
  }

  private void connectFirst() {
    Xenbus xenbus = device.xenbus();
    String backend = device.otherEndPath();
    OptionalLong sectors = readNumber(xenbus, backend, "sectors");
    OptionalLong info = readNumber(xenbus, backend, "info");
    OptionalLong sectorBytes = readNumber(xenbus, backend, "sector-size");
    boolean valid =
        sectors.orElse(-1) >= 0 && info.isPresent() && isSectorSize(sectorBytes.orElse(0));
    if (!valid) {
      device.failDevice(Errno.EINVAL, "reading backend fields at " + backend);
      return;
    }
    Features features = Features.read(device, options);
    long physical = backendNumber("physical-sector-size", sectorBytes.getAsLong());
    int bits = (int) info.getAsLong();
    var diskOptions =
        new DiskOptions(
            sectors.getAsLong(),
            (int) sectorBytes.getAsLong(),
            (int) physical,
            rings.size() * rings.getFirst().entries(),
            (bits & INFO_READ_ONLY) != 0,
            features.canFlush(),
            features.discard(),
            (bits & INFO_CDROM) != 0);
    // Before the disk is there: who finds it may use it.
    queue.connect(features);
    try {
      disk = kernel.block().addDisk(diskName.name(), diskName.number(), diskOptions, queue);
    } catch (KernelException e) {
      device.failDevice(e.errno(), "xlvbd_add at " + backend);
      return;
    }
    kernel.printk().info(describe(features));
    device.switchState(XenbusState.CONNECTED);
    trimTimer.arm(TRIM_NANOS);
  }

  private static boolean isSectorSize(long bytes) {
    return bytes == 512 || bytes == 1024 || bytes == 2048 || bytes == 4096;
  }

  private String describe(Features features) {
    String flush =
        features.flush()
            ? "flush diskcache: enabled;"
            : features.barrier() ? "barrier: enabled;" : "barrier or flush: disabled;";
    boolean bounce = !options.trusted() || !isTrusted();
    return "blkfront: %s: %s persistent grants: %s; indirect descriptors: %s; bounce buffer: %s"
        .formatted(
            diskName.name(),
            flush,
            enabled(features.persistent()),
            enabled(features.indirectSegments() > 0),
            enabled(bounce));
  }

  private boolean isTrusted() {
    return device.xenbus().readUnsigned(device.nodePath(), "trusted", 1) != 0;
  }

  private static String enabled(boolean is) {
    return is ? "enabled" : "disabled";
  }

  /// Interrupt context.
  private void trim() {
    if (isRemoved) {
      return;
    }
    queue.underLock(pool::trim);
    trimTimer.arm(TRIM_NANOS);
  }

  // --- end ------------------------------------------------------------------------------------

  /// Mirrors `blkfront_closing`.
  private void closing() {
    if (device.state() == XenbusState.CLOSING) {
      return;
    }
    queue.close();
    if (disk != null) {
      disk.markDead();
    }
    device.frontendClosed();
  }

  @Override
  public void remove() {
    isRemoved = true;
    if (disk != null) {
      disk.remove();
      disk = null;
    }
    trimTimer.cancel();
    closeRings(queue.tearDown());
    queue.underLock(pool::close);
  }

  @Override
  public void resume() throws KernelException {
    if (queue.state() == RequestQueue.State.CLOSED) {
      return;
    }
    closeRings(queue.suspend());
    queue.underLock(pool::close);
    if (!publishRings()) {
      throw new KernelException(Errno.EIO, "resume of " + device.nodePath());
    }
  }

  private void closeRings(List<BlkfrontRing> old) {
    old.forEach(BlkfrontRing::close);
    rings = List.of();
  }
}
