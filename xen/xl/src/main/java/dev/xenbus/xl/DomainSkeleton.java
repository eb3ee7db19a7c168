package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainControl.BuiltDomain;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.xenstore.Permissions;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What the toolstack writes for a domain before it has devices: one transaction before its memory
/// is built (`libxl__domain_make`), one afterwards (`libxl__build_post`).
final class DomainSkeleton {
  private static final int KIB_PER_MIB = 1024;
  private static final List<String> FEATURES =
      List.of("feature-poweroff", "feature-reboot", "feature-suspend");

  private final LibxlContext ctx;
  private final DomainConfig config;
  private final Domid domid;
  private final String home;
  private final String vm;
  private final Permissions readOnly;
  private final Permissions writable;
  private final Permissions none = Permissions.of("n0");

  /// Prepares.
  ///
  /// @param config with its UUID
  DomainSkeleton(LibxlContext ctx, DomainConfig config, Domid domid) {
    this.ctx = ctx;
    this.config = config;
    this.domid = domid;
    this.home = "/local/domain/" + domid;
    this.vm = "/vm/" + config.uuid().orElseThrow();
    this.readOnly = DeviceNodes.readOnly(domid);
    this.writable = Permissions.of("n" + domid);
  }

  /// Makes the folders, the name and the nodes through which guest and toolstack talk.
  ///
  /// @throws LibxlException `INVAL` if the name is in use
  void make() throws IOException, LibxlException {
    ctx.xs().homeOf(domid);
    ctx.xs()
        .inTransaction(
            tx -> {
              makeFolders(tx);
              rename(ctx, tx, domid, config.name(), Optional.empty());
              tx.write(vm + "/name", config.name());
              makeGuestFolders(tx);
              finish(tx);
            });
    writeDeviceModelVersion();
  }

  private void makeFolders(Xs.Nodes tx) throws IOException {
    String libxl = "/libxl/" + domid;
    fresh(tx, home, readOnly);
    fresh(tx, vm, readOnly);
    fresh(tx, libxl, none);
    tx.write(libxl + "/device", "", none);
    tx.write(home + "/vm", vm);
  }

  private static void fresh(Xs.Nodes tx, String path, Permissions permissions) throws IOException {
    tx.remove(path);
    tx.write(path, "", permissions);
  }

  /// Gives a domain a name that no other has; the others' names are read outside of the
  /// transaction (`libxl__domain_rename`).
  ///
  /// @param old the name that it must have now, if any
  /// @throws LibxlException `INVAL`, said in the log
  static void rename(LibxlContext ctx, Xs.Nodes tx, Domid domid, String name, Optional<String> old)
      throws IOException, LibxlException {
    Xs.Nodes plain = ctx.xs().plain();
    String home = "/local/domain/" + domid;
    ctx.xs().homeOf(domid);
    ctx.xs().homeOf(domid);
    plain.read(home + "/image/device-model-domid");
    if (!name.isEmpty()) {
      for (DomainInfo other : ctx.domains().list()) {
        boolean taken = DomainNames.nameOf(ctx, other.domid()).orElse("").equals(name);
        if (taken && !other.domid().equals(domid)) {
          ctx.log()
              .error(
                  LogSite.DOMAIN_RENAME,
                  domid,
                  "Domain with name \"" + name + "\" already exists.");
          throw new LibxlException(Rc.INVAL);
        }
      }
    }
    if (old.isPresent() && !tx.read(home + "/name").equals(old)) {
      throw new LibxlException(Rc.FAIL);
    }
    tx.write(home + "/name", name);
  }

  private void makeGuestFolders(Xs.Nodes tx) throws IOException {
    tx.write(home + "/cpu", "", readOnly);
    tx.write(home + "/memory", "", readOnly);
    tx.write(home + "/device", "", readOnly);
    boolean late = ctx.release().makesEventChannelLate();
    if (!late) {
      suspendEventChannel(tx);
    }
    tx.write(home + "/control", "", readOnly);
    tx.write(home + "/control/shutdown", "", writable);
    for (String feature : FEATURES) {
      tx.write(home + "/control/" + feature, "", writable);
    }
    if (late) {
      suspendEventChannel(tx);
    }
    if (ctx.release().hasSysrqNode()) {
      tx.write(home + "/control/sysrq", "", writable);
    }
    for (String folder : List.of("data", "drivers", "feature", "attr")) {
      tx.write(home + "/" + folder, "", writable);
    }
    if (ctx.release().hasErrorNode()) {
      tx.write(home + "/error", "", writable);
    }
    if (config.driverDomain()) {
      tx.write(home + "/libxl", "", writable);
      tx.write(home + "/device-model", "", writable);
    }
  }

  private void suspendEventChannel(Xs.Nodes tx) throws IOException {
    if (config.suspendEventChannelCompat()) {
      tx.write(home + "/device", "", writable);
    } else {
      tx.write(home + "/device/suspend/event-channel", "", writable);
    }
  }

  private void finish(Xs.Nodes tx) throws IOException {
    tx.write(vm + "/uuid", vm.substring("/vm/".length()));
    tx.write(vm + "/name", config.name());
    tx.write(home + "/control/platform-feature-multiprocessor-suspend", "1");
    tx.write(home + "/control/platform-feature-xs_reset_watches", "1");
    tx.write("/libxl/" + domid + "/type", config.type().toString());
  }

  private void writeDeviceModelVersion() throws IOException {
    ctx.xs().plain().write("/libxl/" + domid + "/dm-version", "qemu_xen");
  }

  /// Notes what was built, then makes the domain known to the store daemon.
  void describe(BuiltDomain built) throws IOException, LibxlException {
    ctx.xs().homeOf(domid);
    ctx.xs().plain().read(home + "/vm");
    Instant now = ctx.kernel().clock().wallTime();
    ctx.xs()
        .inTransaction(
            tx -> {
              describeMachine(tx, built);
              describeImage(tx, now);
            });
    ctx.xs().introduce(domid, built.storeFrame(), built.storePort());
    writeDeviceModelVersion();
  }

  private void describeMachine(Xs.Nodes tx, BuiltDomain built) throws IOException {
    tx.write(home + "/memory/static-max", kib(config.memoryMaxMib()));
    tx.write(home + "/memory/target", kib(config.memoryMib()));
    tx.write(home + "/memory/videoram", "0");
    tx.write(home + "/domid", domid.toString());
    tx.write(home + "/store/port", Integer.toString(built.storePort()));
    tx.write(home + "/store/ring-ref", Integer.toString(built.storeFrame()));
    for (int cpu = 0; cpu < config.vcpusMax(); cpu++) {
      tx.write(home + "/cpu/" + cpu + "/availability", cpu < config.vcpus() ? "online" : "offline");
    }
  }

  private static String kib(int mib) {
    return Long.toString((long) mib * KIB_PER_MIB);
  }

  private void describeImage(Xs.Nodes tx, Instant now) throws IOException {
    String startTime =
        String.format(Locale.ROOT, "%d.%02d", now.getEpochSecond(), now.getNano() / 10_000_000);
    DomainConfig.Boot boot = config.boot();
    if (config.type() != DomainType.PV) {
      tx.write(vm + "/start_time", startTime);
      return;
    }
    tx.write(vm + "/image/ostype", "linux");
    tx.write(vm + "/image/kernel", boot.kernel());
    tx.write(vm + "/start_time", startTime);
    if (!boot.ramdisk().isEmpty()) {
      tx.write(vm + "/image/ramdisk", boot.ramdisk());
    }
    if (!boot.commandLine().isEmpty()) {
      tx.write(vm + "/image/cmdline", boot.commandLine());
    }
  }
}
