package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainImage;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.TextOutput;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/// libxl for one process: a connection to the store, the hypervisor and dom0's kernel, and what one
/// does with domains through them.
///
/// Every operation waits in the calling task, on virtual or real time, and throws
/// - [LibxlException] if it failed; the log (the process's stderr) has said why;
/// - [Interrupted] if the process was sent a signal: what was begun stays as it is.
///
/// Threads: the process that opened it.
public final class Toolstack implements AutoCloseable {
  /// What became of a creation.
  ///
  /// @param domid the domain that was made; it is gone again if there is a failure
  /// @param failure why it failed, or empty
  public record Creation(Optional<Domid> domid, Optional<Rc> failure) {}

  /// A device as `block-list` and `network-list` show it.
  ///
  /// @param devid its number
  /// @param backendDomid the domain that serves it
  /// @param frontendDomid the domain that has it
  /// @param backendPath where its backend is
  /// @param frontendPath where its frontend is
  /// @param mac of a network interface, else empty
  public record DeviceEntry(
      long devid,
      Domid backendDomid,
      Domid frontendDomid,
      String backendPath,
      String frontendPath,
      String mac) {}

  private final XlServices services;
  private final LibxlContext ctx;

  private Toolstack(XlServices services, LibxlContext ctx) {
    this.services = services;
    this.ctx = ctx;
  }

  /// Connects to the store.
  ///
  /// @param err where messages go
  /// @param files resolves a file name against the folder that the process runs in
  /// @throws IOException if the store's daemon does not take the connection
  public static Toolstack open(XlServices services, TextOutput err, Function<String, Path> files)
      throws IOException {
    LibxlContext.Connector connector = () -> new ClientConnection(services.connector().connect());
    StoreConnection store = connector.connect();
    LibxlContext ctx =
        new LibxlContext(
            services.domains(),
            services.kernel(),
            services.release(),
            connector,
            new Xs(store),
            new EventLoop(store, services.kernel().cpu(), services.host()::daemonize, err),
            new LibxlLog(err, services.release()),
            services.host(),
            services.kernel().cpu().machine().choices().random("xl"),
            files);
    return new Toolstack(services, ctx);
  }

  /// Something that uses the store.
  @FunctionalInterface
  private interface Operation<T> {
    T run() throws IOException, LibxlException;
  }

  // A store that refuses what must work, or that is gone, is a failure like any other.
  private <T> T guarded(Operation<T> operation) throws LibxlException {
    try {
      return operation.run();
    } catch (InterruptedIOException _) {
      throw new Interrupted();
    } catch (IOException e) {
      ctx.log().error("xenstore: " + e.getMessage());
      throw new LibxlException(Rc.FAIL);
    }
  }

  /// Creates a domain, paused. After a failure it destroys what it had made.
  public Creation create(DomainConfig config) {
    return create(new DomainCreation(ctx, config));
  }

  /// Creates a domain, paused, in which a saved guest goes on. After a failure it destroys what it
  /// had made; unless the guest was in it already, that can be restored again.
  ///
  /// @param config of the guest, with its handle
  /// @param domid the id that it is to have; empty: any
  public Creation restore(DomainConfig config, DomainImage image, Optional<Domid> domid) {
    return create(new DomainCreation(ctx, config, Optional.of(image), domid));
  }

  private Creation create(DomainCreation creation) {
    try {
      Domid domid = guarded(creation::run);
      services.host().save(domid, creation.config());
      return new Creation(Optional.of(domid), Optional.empty());
    } catch (LibxlException e) {
      creation.made().ifPresent(this::destroyAfterFailure);
      return new Creation(creation.made(), Optional.of(e.rc()));
    }
  }

  private void destroyAfterFailure(Domid domid) {
    try {
      guarded(
          () -> {
            new DomainDestruction(ctx, domid).run();
            return true;
          });
    } catch (LibxlException _) {
      ctx.log().error("Domain " + domid + ":unable to destroy domain following failed creation");
    }
  }

  /// Suspends a guest and takes its state (`libxl_domain_suspend`).
  ///
  /// @throws LibxlException `FAIL`, said in the log
  public DomainImage suspend(Domid domid) throws LibxlException {
    return guarded(() -> new DomainSuspension(ctx, domid).run());
  }

  /// Lets a suspended guest go on where it is (`libxl_domain_resume`); what was saved of it can be
  /// used no more.
  ///
  /// @throws LibxlException `FAIL`, said in the log
  public void resume(Domid domid) throws LibxlException {
    guarded(
        () -> {
          hypercall(
              "xc_domain_resume failed for domain " + domid, () -> ctx.domains().resume(domid));
          ctx.xs().resume(domid);
          return true;
        });
  }

  /// Destroys a domain. That a device does not close is said, and then forgotten.
  ///
  /// @throws LibxlException `DOMAIN_NOTFOUND`, `FAIL`
  public void destroy(Domid domid) throws LibxlException {
    guarded(
        () -> {
          new DomainDestruction(ctx, domid).runAsOperation();
          return true;
        });
    services.host().forget(domid);
  }

  /// Returns all domains, zombies included, by id.
  public List<DomainInfo> domains() {
    return ctx.domains().list();
  }

  /// Returns what the hypervisor says of a domain, or empty if there is none.
  public Optional<DomainInfo> info(Domid domid) {
    return ctx.domains().info(domid);
  }

  /// Returns the hypervisor's own operations.
  public DomainControl hypervisor() {
    return ctx.domains();
  }

  /// Returns a domain's name, or empty if the store has none.
  public Optional<String> nameOf(Domid domid) throws LibxlException {
    return guarded(() -> DomainNames.nameOf(ctx, domid));
  }

  /// Returns the domain of the given name.
  public Optional<Domid> byName(String name) throws LibxlException {
    return guarded(() -> DomainNames.byName(ctx, name));
  }

  /// Returns the domain that a name or a decimal id stands for; an id is not checked.
  public Optional<Domid> byQualifier(String qualifier) throws LibxlException {
    return guarded(() -> DomainNames.byQualifier(ctx, qualifier));
  }

  /// Returns the value of any node, or empty if there is none.
  public Optional<String> read(String path) throws LibxlException {
    return guarded(() -> ctx.xs().plain().read(path));
  }

  /// Returns the names of a node's children, none if there is no node.
  public List<String> children(String path) throws LibxlException {
    return guarded(() -> ctx.xs().plain().directory(path).orElse(List.of()));
  }

  /// Writes a node, outside of any transaction.
  public void write(String path, String value) throws LibxlException {
    guarded(
        () -> {
          ctx.xs().plain().write(path, value);
          return true;
        });
  }

  /// Pauses a domain.
  ///
  /// @throws LibxlException `FAIL`
  public void pause(Domid domid) throws LibxlException {
    hypercall("Pausing domain", () -> ctx.domains().pause(domid));
  }

  /// Undoes one pause.
  ///
  /// @throws LibxlException `FAIL`
  public void unpause(Domid domid) throws LibxlException {
    hypercall("Unpausing domain", () -> ctx.domains().unpause(domid));
  }

  @FunctionalInterface
  private interface Hypercall {
    void run() throws HypercallException;
  }

  private void hypercall(String what, Hypercall call) throws LibxlException {
    try {
      call.run();
    } catch (HypercallException e) {
      ctx.log().error(what + ": " + e.errno().text());
      throw new LibxlException(Rc.FAIL);
    }
  }

  /// Asks a guest to stop (`libxl_domain_shutdown`, `libxl_domain_reboot`). Since 4.13 waits until
  /// it has taken note; a request that it does not take note of stays.
  ///
  /// @param request `poweroff` or `reboot`
  /// @throws LibxlException `TIMEDOUT` if the guest does not take note, `FAIL`
  public void control(Domid domid, String request) throws LibxlException {
    guarded(
        () -> {
          control(LibxlControl.pathOf(domid), request);
          return true;
        });
  }

  /// Sends a magic key to a guest's kernel (`libxl_send_sysrq`); whether it takes note is not
  /// looked at.
  ///
  /// @throws LibxlException `FAIL`
  public void sendSysrq(Domid domid, char key) throws LibxlException {
    guarded(
        () -> {
          ctx.xs().plain().write("/local/domain/" + domid + "/control/sysrq", String.valueOf(key));
          return true;
        });
  }

  private void control(String path, String request) throws IOException, LibxlException {
    ctx.xs().plain().write(path, request);
    if (ctx.release().waitsForControlAcknowledge()) {
      LibxlControl.awaitAcknowledge(ctx, path);
    }
  }

  /// Gives a domain another name.
  ///
  /// @throws LibxlException `INVAL` if it is in use
  public void rename(Domid domid, String name) throws LibxlException {
    guarded(
        () -> {
          Optional<String> vm = ctx.xs().plain().read("/local/domain/" + domid + "/vm");
          ctx.xs()
              .inTransaction(
                  tx -> {
                    DomainSkeleton.rename(ctx, tx, domid, name, Optional.empty());
                    if (vm.isPresent()) {
                      tx.write(vm.get() + "/name", name);
                    }
                  });
          return true;
        });
  }

  /// Notes a domain's new name in its configuration.
  public void renameConfiguration(Domid domid, String name) {
    services.host().config(domid).ifPresent(old -> services.host().save(domid, old.withName(name)));
  }

  /// Adds a disk to a domain.
  ///
  /// @throws LibxlException the nodes stay if its backend does not answer
  public void addDisk(Domid domid, DiskConfig disk) throws LibxlException {
    guarded(
        () -> {
          DiskDevice.checkBackend(ctx, disk);
          ctx.xs().plain().read("/local/domain/" + domid + "/image/device-model-pid");
          ctx.xs().plain().read("/local/domain/" + domid + "/image/device-model-domid");
          checkBackend(disk.backend());
          return finish(DiskDevice.add(ctx, domid, typeOf(domid), disk), "add");
        });
    ConfigRecord.add(services.host(), domid, disk);
  }

  /// Adds a network interface to a domain.
  ///
  /// @throws LibxlException the nodes stay if its backend does not answer
  public void addNic(Domid domid, NicConfig nic) throws LibxlException {
    guarded(
        () -> {
          int next = nic.devid() < 0 ? NicDevice.nextDevid(ctx, domid) : nic.devid();
          ctx.xs().plain().read("/local/domain/" + domid + "/image/device-model-pid");
          ctx.xs().plain().read("/local/domain/" + domid + "/image/device-model-domid");
          checkBackend(nic.backend());
          NicConfig settled = NicDevice.settle(ctx, nic, next);
          boolean done = finish(NicDevice.add(ctx, domid, settled), "add");
          ConfigRecord.add(services.host(), domid, settled);
          return done;
        });
  }

  // A device that has not got as far as to be one (`device_addrm_aocomplete`).
  private void checkBackend(String backend) throws IOException, LibxlException {
    try {
      DomainNames.resolveBackend(ctx, backend);
    } catch (LibxlException e) {
      ctx.log().error(LogSite.DEVICE_COMPLETE, "unable to add device");
      throw e;
    }
  }

  /// Runs the hotplug scripts of the backends in this domain, which is a driver domain, for as long
  /// as it runs (`libxl_device_events_handler`).
  ///
  /// @throws LibxlException `FAIL` if the store cannot be watched
  public void handleDeviceEvents() throws LibxlException {
    guarded(
        () -> {
          new DeviceEvents(ctx).run();
          return true;
        });
  }

  private DomainType typeOf(Domid domid) throws IOException {
    String type = ctx.xs().plain().read("/libxl/" + domid + "/type").orElse("pv");
    return type.equals("pvh") ? DomainType.PVH : DomainType.PV;
  }

  /// Finds a disk for [#removeDisk].
  ///
  /// @throws LibxlException said in the log
  public DeviceEntry findDisk(Domid domid, String vdev) throws LibxlException {
    return guarded(() -> entryOf(DiskDevice.find(ctx, domid, vdev)));
  }

  /// Finds a network interface for [#removeNic].
  ///
  /// @throws LibxlException `NOTFOUND`, or said in the log
  public DeviceEntry findNic(Domid domid, String devidOrMac) throws LibxlException {
    return guarded(() -> entryOf(NicDevice.find(ctx, domid, devidOrMac)));
  }

  /// Removes a disk.
  ///
  /// @param force whether its nodes go even if its backend does not close
  /// @throws LibxlException if its backend did not close
  public void removeDisk(DeviceEntry disk, boolean force) throws LibxlException {
    DeviceOperation.Force how = DeviceOperation.Force.AUTO;
    if (force) {
      how = DeviceOperation.Force.ON;
    } else if (ctx.release().detachesDisksWithoutForce()) {
      how = DeviceOperation.Force.OFF;
    }
    remove(DeviceKind.VBD, disk, how);
  }

  /// Removes a network interface; after one time-out, with force.
  ///
  /// @throws LibxlException if its backend did not close
  public void removeNic(DeviceEntry nic) throws LibxlException {
    remove(DeviceKind.VIF, nic, DeviceOperation.Force.AUTO);
  }

  private void remove(DeviceKind kind, DeviceEntry entry, DeviceOperation.Force force)
      throws LibxlException {
    Device device = Device.of(kind, entry.devid(), entry.frontendDomid(), entry.backendDomid());
    guarded(() -> finish(DeviceOperation.remove(ctx, device, force), "remove"));
    ConfigRecord.remove(services.host(), entry.frontendDomid(), kind, entry.devid());
  }

  /// Mirrors `device_addrm_aocomplete` (`libxl_device.c`).
  private boolean finish(DeviceOperation operation, String verb)
      throws IOException, LibxlException {
    ctx.loop().runUntil(operation::isDone);
    Optional<Rc> failure = operation.failure();
    if (failure.isEmpty()) {
      return true;
    }
    Device device = operation.device();
    if (failure.get() == Rc.DEVICE_EXISTS) {
      ctx.log().error(LogSite.DEVICE_COMPLETE, "unable to " + verb + " device");
    } else {
      ctx.log()
          .error(
              LogSite.DEVICE_OF_DOMAIN_COMPLETE,
              device.domid(),
              "Unable to " + verb + " " + device.kind() + " with id " + device.devid());
    }
    throw new LibxlException(failure.get());
  }

  /// Returns a domain's disks.
  public List<DeviceEntry> disks(Domid domid) throws LibxlException {
    return guarded(() -> DeviceLister.list(ctx, domid, DeviceKind.VBD));
  }

  /// Returns a domain's network interfaces.
  public List<DeviceEntry> nics(Domid domid) throws LibxlException {
    return guarded(() -> DeviceLister.list(ctx, domid, DeviceKind.VIF));
  }

  private DeviceEntry entryOf(Device device) {
    return DeviceLister.entryOf(device, "");
  }

  /// Says that a domain's configuration is not known, as `list -l` does of a zombie.
  public void complainAboutConfiguration() {
    ctx.log().error(LogSite.RETRIEVE_CONFIGURATION, "Fail to get domain configuration");
  }

  /// Handles what happens, on the watch of stopped domains, until `done`, which is asked after each
  /// event.
  public void awaitReleases(BooleanSupplier done) throws LibxlException {
    guarded(
        () -> {
          EventLoop.Watch watch = ctx.loop().watch("@releaseDomain", () -> {});
          try {
            ctx.loop().runUntil(done);
          } finally {
            ctx.loop().unwatch(watch);
          }
          return true;
        });
  }

  /// Returns why a domain stopped; empty if it has not, or is gone.
  public Optional<ShutdownReason> shutdownReason(Domid domid) {
    return ctx.domains().info(domid).flatMap(DomainInfo::shutdown);
  }

  /// Returns the number that a node holds; -1 if it holds none.
  public int number(String path) throws LibxlException {
    return read(path).map(text -> Numbers.orElse(text, -1)).orElse(-1);
  }

  /// Returns the time of day.
  public Instant wallTime() {
    return ctx.kernel().clock().wallTime();
  }

  @Override
  public void close() {
    ctx.loop().close();
  }
}
