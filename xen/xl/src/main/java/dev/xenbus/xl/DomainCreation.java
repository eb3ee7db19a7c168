package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.hypercall.DomainControl.BootSpec;
import dev.xenbus.abi.hypercall.DomainControl.BuiltDomain;
import dev.xenbus.abi.hypercall.DomainControl.DomainSpec;
import dev.xenbus.abi.hypercall.DomainImage;
import dev.xenbus.abi.hypercall.HypercallException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Makes one domain (`libxl_create.c`): skeleton, memory, disks, console, network interfaces, in
/// this order; the disks at once, and all done before the first interface is written.
///
/// Differs: a domid that the hypervisor gives is taken. Since 4.14 libxl asks again if it had been
/// in use within 60 s; Xen hands ids out in turn, so that this matters only after 32751 of them.
final class DomainCreation {
  private static final String CONSOLE_LIMIT = "1048576";

  private final LibxlContext ctx;
  private final DomainConfig config;
  private final Optional<DomainImage> image;
  private final Optional<Domid> wanted;
  private final List<NicConfig> nics = new ArrayList<>();
  private Optional<Domid> made = Optional.empty();

  DomainCreation(LibxlContext ctx, DomainConfig config) {
    this(ctx, config, Optional.empty(), Optional.empty());
  }

  /// Prepares.
  ///
  /// @param image what goes on in the domain, instead of a kernel that boots
  /// @param wanted the id that it is to have; empty: any
  DomainCreation(
      LibxlContext ctx, DomainConfig config, Optional<DomainImage> image, Optional<Domid> wanted) {
    this.ctx = ctx;
    this.image = image;
    this.wanted = wanted;
    this.config = config.uuid().isPresent() ? config : config.withUuid(randomUuid(ctx));
  }

  private static UUID randomUuid(LibxlContext ctx) {
    long high = (ctx.random().nextLong() & ~0xF000L) | 0x4000L; // version 4
    long low = (ctx.random().nextLong() & ~(0xC0L << 56)) | (0x80L << 56); // the usual variant
    return new UUID(high, low);
  }

  /// Returns the configuration, with the UUID and, once there are devices, their addresses.
  DomainConfig config() {
    return nics.isEmpty() ? config : config.withDevices(config.disks(), nics);
  }

  /// Returns the domain, once there is one, whether creation succeeds or not.
  Optional<Domid> made() {
    return made;
  }

  /// Creates it, paused.
  ///
  /// @throws LibxlException said in the log; what was made is still there
  Domid run() throws IOException, LibxlException {
    ctx.xs().plain().read("/local/pool/0/name");
    setDefaults();
    Domid domid = makeDomain();
    made = Optional.of(domid);
    resolveBackends(domid);
    BuiltDomain built = build(domid);
    attach(disks(domid), LogSite.DOMCREATE_LAUNCH_DM, domid, DeviceKind.VBD);
    addConsole(domid, built);
    attach(interfaces(domid), LogSite.DOMCREATE_ATTACH_DEVICES, domid, DeviceKind.VIF);
    if (ctx.release().waitsForConsole()) {
      awaitConsole(domid);
    }
    if (image.isPresent()) {
      restore(domid, image.get());
    }
    return domid;
  }

  // Last of all: what fails before leaves the saved state as it is.
  private void restore(Domid domid, DomainImage state) throws LibxlException {
    try {
      ctx.domains().restore(domid, state);
    } catch (HypercallException e) {
      ctx.log().error("Domain " + domid + ":xc_domain_restore failed: " + e.getMessage());
      throw new LibxlException(Rc.FAIL);
    }
  }

  private void setDefaults() throws LibxlException {
    for (DiskConfig disk : config.disks()) {
      DiskDevice.checkBackend(ctx, disk);
    }
    for (NicConfig nic : config.nics()) {
      nics.add(NicDevice.settle(ctx, nic, nics.size()));
    }
  }

  // A name that no domain has is found out now, not when the device is made.
  private void resolveBackends(Domid domid) throws IOException, LibxlException {
    for (int i = 0; i < config.disks().size(); i++) {
      resolve(domid, config.disks().get(i).backend(), "disk defaults for disk " + i);
    }
    for (int i = 0; i < nics.size(); i++) {
      resolve(domid, nics.get(i).backend(), "nic defaults for nic " + i);
    }
  }

  private void resolve(Domid domid, String backend, String what)
      throws IOException, LibxlException {
    try {
      DomainNames.resolveBackend(ctx, backend);
    } catch (LibxlException e) {
      ctx.log().error("Domain " + domid + ":Unable to set " + what);
      throw e;
    }
  }

  private Domid makeDomain() throws IOException, LibxlException {
    refuseRecent();
    Domid domid;
    try {
      domid =
          ctx.domains()
              .create(
                  new DomainSpec(
                      config.uuid().orElseThrow(),
                      config.memoryMaxMib(),
                      config.vcpusMax(),
                      config.limits().eventChannelPortMax(),
                      config.limits().grantFramesMax(),
                      wanted,
                      config.type() != DomainType.PV));
    } catch (HypercallException e) {
      ctx.log().error("domain creation fail: " + e.errno().text());
      ctx.log().error("cannot make domain: " + Rc.FAIL.code());
      throw new LibxlException(Rc.FAIL);
    }
    made = Optional.of(domid);
    try {
      new DomainSkeleton(ctx, config, domid).make();
    } catch (LibxlException e) {
      ctx.log()
          .error(LogSite.INITIATE_DOMAIN_CREATE, domid, "cannot make domain: " + e.rc().code());
      throw new LibxlException(Rc.FAIL);
    }
    return domid;
  }

  /// An id that is asked for may not have been another domain's a short while ago: somebody may
  /// still be about to do something to that one (`libxl__domain_make`, since 4.14).
  ///
  /// Differs: libxl finds out once it has made the domain, and destroys it again.
  private void refuseRecent() throws LibxlException {
    if (wanted.isPresent()
        && ctx.host().isRecent(wanted.get(), ctx.kernel().cpu().machine().clock().nanos())) {
      ctx.log().error("Domain " + wanted.get() + ":domain id recently used");
      ctx.log().error("cannot make domain: " + Rc.FAIL.code());
      throw new LibxlException(Rc.FAIL);
    }
  }

  private BuiltDomain build(Domid domid) throws IOException, LibxlException {
    Xs.Nodes store = ctx.xs().plain();
    store.read("/local/pool/0/name");
    store.read("/tool/xenstored/domid"); // who serves the rings; dom0 if nothing is said
    store.read("/tool/xenconsoled/domid");
    BuiltDomain built;
    try {
      built =
          ctx.domains()
              .build(
                  domid,
                  new BootSpec(
                      config.boot().kernel(),
                      config.boot().ramdisk(),
                      config.boot().commandLine()));
    } catch (HypercallException e) {
      ctx.log().error("xc_dom_boot_image failed: " + e.errno().text());
      ctx.log().error("Domain " + domid + ":cannot (re-)build domain: " + Rc.FAIL.code());
      throw new LibxlException(Rc.FAIL);
    }
    store.read("/local/pool/0/name");
    new DomainSkeleton(ctx, config, domid).describe(built);
    return built;
  }

  private List<DeviceOperation> disks(Domid domid) throws IOException, LibxlException {
    List<DeviceOperation> operations = new ArrayList<>();
    for (DiskConfig disk : config.disks()) {
      operations.add(DiskDevice.add(ctx, domid, config.type(), disk));
    }
    return operations;
  }

  private List<DeviceOperation> interfaces(Domid domid) throws IOException, LibxlException {
    List<DeviceOperation> operations = new ArrayList<>();
    for (NicConfig nic : nics) {
      operations.add(NicDevice.add(ctx, domid, nic));
    }
    return operations;
  }

  private void attach(List<DeviceOperation> operations, LogSite site, Domid domid, DeviceKind kind)
      throws IOException, LibxlException {
    ctx.loop().runUntil(() -> operations.stream().allMatch(DeviceOperation::isDone));
    if (operations.stream().anyMatch(operation -> operation.failure().isPresent())) {
      ctx.log().error(site, domid, "unable to add " + kind.inMessages() + " devices");
      throw new LibxlException(Rc.FAIL);
    }
  }

  private void addConsole(Domid domid, BuiltDomain built) throws IOException, LibxlException {
    Device device = Device.of(DeviceKind.CONSOLE, 0, domid, Domid.DOM0);
    DeviceNodes nodes =
        new DeviceNodes(device)
            .front("backend-id", device.backendDomid())
            .frontReadOnly("limit", CONSOLE_LIMIT)
            .frontReadOnly("type", "xenconsoled")
            .frontReadOnly("output", "pty")
            .frontReadOnly("tty", "")
            .frontReadOnly("port", built.consolePort())
            .frontReadOnly("ring-ref", built.consoleFrame())
            .back("frontend-id", domid)
            .back("online", 1)
            .back("state", XenbusState.INITIALISING.code())
            .back("protocol", "vt100");
    ctx.ownDomid();
    ctx.xs().homeOf(domid);
    ctx.xs().homeOf(device.backendDomid());
    ctx.xs().inTransaction(nodes::write);
  }

  private void awaitConsole(Domid domid) throws IOException, LibxlException {
    ConsoleWait outcome = new ConsoleWait();
    ctx.xs().homeOf(domid);
    NodeWait.start(
        ctx,
        "/local/domain/" + domid + "/console/tty",
        Timeouts.INIT_NANOS,
        value -> !value.orElse("").isEmpty(),
        rc -> {
          outcome.over = true;
          outcome.failed = rc != null;
        });
    ctx.loop().runUntil(() -> outcome.over);
    if (outcome.failed) {
      ctx.log().error(LogSite.CONSOLE_XSWAIT, "domain " + domid + " console tty: timed out");
      throw new LibxlException(Rc.FAIL);
    }
  }

  private static final class ConsoleWait {
    private boolean over;
    private boolean failed;
  }
}
