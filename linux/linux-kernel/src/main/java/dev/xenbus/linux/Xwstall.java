package dev.xenbus.linux;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles.KernelFile;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.net.ReceiveHook;
import dev.xenbus.machine.Hold;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The stall injector, a kernel module with six files in `/sys/kernel/xwstall`:
///
/// | file | holds, until |
/// |---|---|
/// | `vifname`, `eavesdrop` | the next zero-copy GSO packet from that vif, `0` is written |
/// | `vbd_hold_bio` | what that vbd thread submits to a disk, an empty line is written |
/// | `vbd_hold_pgrant` | a reference to a page that a vbd keeps mapped, an empty line is written |
/// | `probe_hold` | the task that probes the next device of that type, an empty line is written |
/// | `script_hold` | the next hotplug script of that name, an empty line is written or a kill |
///
/// Unloading it lets go of everything.
///
/// Threads: any task. The spin lock `xwstall` guards what is set; packets are freed and the machine
/// is told without it.
final class Xwstall {
  /// Longest name that a file takes (`IFNAMSIZ` - 1).
  private static final int NAME_CHARS_MAX = 15;

  /// The module's name.
  static final String NAME = "xwstall";

  private static final String FOLDER = "/sys/kernel/xwstall";
  private static final long SK_BUFF_BASE = 0xFFFF_8880_0A3C_1000L;
  private static final long SK_BUFF_STEP = 0x100;

  private final LinuxKernel kernel;
  private final ReceiveHook hook = this::take;
  private final PageHold pages;
  private final TaskHold probes;
  private final TaskHold scripts;
  private final SpinLock lock;

  @GuardedBy("lock")
  private String vifname = "";

  @GuardedBy("lock")
  private boolean eavesdrops;

  /// Whether a packet is wanted: eavesdropping, and none is held. Written under `lock`.
  private volatile boolean wantsPacket;

  @GuardedBy("lock")
  private @Nullable Packet held;

  @GuardedBy("lock")
  private @Nullable Hold packetHold;

  @GuardedBy("lock")
  private long packetsHeld;

  @GuardedBy("lock")
  private String bioThread = "";

  @GuardedBy("lock")
  private @Nullable Hold bioHold;

  private Xwstall(LinuxKernel kernel) {
    this.kernel = kernel;
    this.pages = new PageHold(kernel);
    this.probes = new TaskHold(kernel, "probe", List.of("vif", "vbd"), Task.State.D);
    this.scripts = new TaskHold(kernel, "script", List.of("block", "vif-bridge"), Task.State.S);
    this.lock = kernel.cpu().spinLock(LockClass.of("xwstall"));
  }

  /// Loads the module into a kernel.
  static Xwstall load(LinuxKernel kernel) {
    Xwstall xwstall = new Xwstall(kernel);
    xwstall.add("vifname", xwstall::vifname, xwstall::writeVifname);
    xwstall.add("eavesdrop", xwstall::eavesdrop, xwstall::writeEavesdrop);
    xwstall.add("vbd_hold_bio", xwstall::bioThread, xwstall::writeBioThread);
    xwstall.add("vbd_hold_pgrant", xwstall.pages::vbd, xwstall::writePageVbd);
    xwstall.add("probe_hold", xwstall.probes::subject, xwstall.probes::write);
    xwstall.add("script_hold", xwstall.scripts::subject, xwstall.scripts::write);
    kernel.modules().add(NAME, List.of(), kernel.parameters(), kernel::unloadStallInjector);
    kernel.modules().put(NAME);
    return xwstall;
  }

  /// Removes the files, then lets go of all that is held, so that nothing can be held anew in
  /// between.
  void unload() {
    kernel.files().remove(FOLDER);
    kernel.modules().remove(NAME);
    disable();
    releaseBios();
    pages.release();
    probes.release();
    scripts.release();
  }

  /// What reads a file.
  private interface Reader {
    String read();
  }

  /// What writes a file; given the text without its newline.
  private interface Writer {
    void write(String value) throws KernelException;
  }

  private void add(String name, Reader reader, Writer writer) {
    kernel
        .files()
        .add(
            FOLDER + "/" + name,
            new KernelFile() {
              @Override
              public String read() {
                return reader.read() + "\n";
              }

              @Override
              public void write(String text) throws KernelException {
                writer.write(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
              }
            });
  }

  private void log(String text) {
    kernel.printk().info("xwstall: " + text);
  }

  private static KernelException invalid(String what) {
    return new KernelException(Errno.EINVAL, "xwstall: " + what);
  }

  private static String checkName(String name) throws KernelException {
    if (name.length() > NAME_CHARS_MAX) {
      throw invalid("name has more than " + NAME_CHARS_MAX + " bytes: " + name);
    }
    return name;
  }

  // ---- a zero-copy packet of a vif -------------------------------------------------------------

  private String vifname() {
    lock.lock();
    try {
      return vifname;
    } finally {
      lock.unlock();
    }
  }

  private void writeVifname(String value) throws KernelException {
    String name = checkName(value);
    lock.lock();
    try {
      vifname = name;
    } finally {
      lock.unlock();
    }
    log("set vifname=" + name);
  }

  private String eavesdrop() {
    lock.lock();
    try {
      return eavesdrops ? "1" : "0";
    } finally {
      lock.unlock();
    }
  }

  private void writeEavesdrop(String value) throws KernelException {
    switch (value) {
      case "1" -> enable();
      case "0" -> disable();
      default -> throw invalid("eavesdrop is 0 or 1, not " + value);
    }
  }

  private void enable() throws KernelException {
    String name;
    boolean wasEnabled;
    lock.lock();
    try {
      name = vifname;
      wasEnabled = eavesdrops;
      eavesdrops |= !name.isEmpty();
      wantsPacket = eavesdrops && held == null;
    } finally {
      lock.unlock();
    }
    if (name.isEmpty()) {
      throw invalid("vifname is not set");
    }
    if (wasEnabled) {
      log("eavesdrop is already enabled on " + name);
      return;
    }
    if (!kernel.net().addReceiveHook(hook)) {
      disable();
      throw new KernelException(Errno.EBUSY, "xwstall: somebody else hooks into receive");
    }
    log("enable eavesdrop on " + name);
  }

  private void disable() {
    Packet packet;
    Hold hold;
    lock.lock();
    try {
      eavesdrops = false;
      wantsPacket = false;
      packet = held;
      hold = packetHold;
      held = null;
      packetHold = null;
    } finally {
      lock.unlock();
    }
    kernel.net().removeReceiveHook(hook);
    if (packet != null) {
      log("flush the on-hold sk_buff");
      packet.free();
    }
    if (hold != null) {
      hold.close();
    }
    log("reset eavesdrop and skb_onhold");
  }

  /// Sees every received packet while eavesdropping.
  ///
  /// @return true if it holds the packet from now on
  private boolean take(NetDevice device, Packet packet) {
    if (!wantsPacket || !mayHold(packet)) {
      return false;
    }
    Hold hold = kernel.cpu().machine().hold("sk_buff of " + device.name());
    long number = 0;
    lock.lock();
    try {
      if (eavesdrops && held == null && device.name().equals(vifname)) {
        wantsPacket = false;
        held = packet;
        packetHold = hold;
        number = ++packetsHeld;
      }
    } finally {
      lock.unlock();
    }
    if (number == 0) {
      hold.close();
      return false;
    }
    log(
        "hold sk_buff=0x%016x at netdev=%s (nr_frag=%d)"
            .formatted(
                SK_BUFF_BASE + number * SK_BUFF_STEP, device.name(), packet.fragments().size()));
    logGrants(packet);
    return true;
  }

  private void logGrants(Packet packet) {
    int index = 0;
    for (Packet.Fragment fragment : packet.fragments()) {
      MappedGrant grant = fragment.foreign();
      if (grant != null) {
        log("grant(%d) domid=%s gref=%d".formatted(index, grant.granter(), grant.ref()));
      }
      index++;
    }
  }

  /// Returns whether it is zero-copy, GSO, and has fragments, all of them foreign.
  private static boolean mayHold(Packet packet) {
    return packet.isZeroCopy()
        && packet.gso() != Packet.Gso.NONE
        && !packet.fragments().isEmpty()
        && packet.fragments().stream().allMatch(fragment -> fragment.foreign() != null);
  }

  // ---- the requests of a vbd's thread ----------------------------------------------------------

  private String bioThread() {
    lock.lock();
    try {
      return bioThread;
    } finally {
      lock.unlock();
    }
  }

  private void writeBioThread(String value) throws KernelException {
    String comm = checkName(value);
    if (isRelease(comm)) {
      releaseBios();
      return;
    }
    Optional<Hold> old = exchangeBios(comm, kernel.cpu().machine().hold("bios of " + comm));
    kernel.block().holdCompletions(comm);
    log("hold bios of " + comm);
    old.ifPresent(Hold::close);
  }

  private void releaseBios() {
    Optional<Hold> old = exchangeBios("", null);
    kernel.block().releaseCompletions();
    log("release bios");
    old.ifPresent(Hold::close);
  }

  private Optional<Hold> exchangeBios(String comm, @Nullable Hold next) {
    lock.lock();
    try {
      Optional<Hold> old = Optional.ofNullable(bioHold);
      bioHold = next;
      bioThread = comm;
      return old;
    } finally {
      lock.unlock();
    }
  }

  private static boolean isRelease(String value) {
    return value.isEmpty() || value.equals("0");
  }

  // ---- a page that a vbd keeps mapped ----------------------------------------------------------

  private void writePageVbd(String value) throws KernelException {
    if (isRelease(value)) {
      pages.release();
    } else {
      pages.hold(value);
    }
  }

  /// Looks at a page that a driver offers.
  void stallPage(String kind, String subject, MappedGrant page) {
    if (kind.equals("pgrant")) {
      pages.offer(subject, page);
    }
  }

  // ---- a task at a place in the code -----------------------------------------------------------

  /// Holds the calling task if it is the one that was asked for.
  void stallPoint(String kind, String subject) {
    switch (kind) {
      case "probe" -> stallProbe(subject);
      case "script" -> stallScript(subject);
      default -> {}
    }
  }

  @KernelSymbol(value = "xwstall_probe", module = "xwstall")
  private void stallProbe(String deviceType) {
    probes.pass(deviceType);
  }

  @KernelSymbol(value = "xwstall_script", module = "xwstall")
  private void stallScript(String name) {
    scripts.pass(name);
  }
}
