package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.machine.Task;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Destroys one domain (`libxl_domain.c`): its devices with force and all at once, its nodes, and
/// then the domain itself, which stays as a zombie for as long as somebody maps pages of it.
///
/// That a device did not close is said and then forgotten.
final class DomainDestruction {
  private static final int TEARDOWN_POLLS = 10;
  private static final long TEARDOWN_POLL_NANOS = 5_000_000L;

  private final LibxlContext ctx;
  private final Domid domid;

  DomainDestruction(LibxlContext ctx, Domid domid) {
    this.ctx = ctx;
    this.domid = domid;
  }

  /// Destroys it as part of another operation (`libxl__domain_destroy`).
  ///
  /// @throws LibxlException said in the log
  void run() throws IOException, LibxlException {
    ctx.xs().homeOf(domid);
    ctx.xs().plain().read(home() + "/image/device-model-domid");
    try {
      destroyDomid();
    } catch (LibxlException e) {
      ctx.log().error(LogSite.DOMAIN_DESTROY_CALLBACK, domid, "Unable to destroy guest");
      throw e;
    }
  }

  /// Destroys it as an operation of its own (`libxl_domain_destroy`).
  ///
  /// @throws LibxlException said in the log
  void runAsOperation() throws IOException, LibxlException {
    try {
      run();
    } catch (LibxlException e) {
      ctx.log().error(LogSite.DOMAIN_DESTROY_CB, domid, "Destruction of domain failed");
      throw e;
    }
  }

  private String home() {
    return "/local/domain/" + domid;
  }

  private void destroyDomid() throws IOException, LibxlException {
    if (ctx.domains().info(domid).isEmpty()) {
      ctx.log().error(LogSite.DESTROY_DOMID, domid, "Non-existant domain");
      throw new LibxlException(Rc.DOMAIN_NOTFOUND);
    }
    Xs.Nodes store = ctx.xs().plain();
    ctx.xs().homeOf(Domid.DOM0);
    store.read("/local/domain/0/backend/pci/" + domid + "/0/num_devs");
    pause();
    store.read(home() + "/image/device-model-pid");
    if (!removeDevices()) {
      ctx.log().error(LogSite.DEVICES_DESTROY_CB, domid, "libxl__devices_destroy failed");
    }
    removeNodes();
    kill();
  }

  private void pause() {
    try {
      ctx.domains().pause(domid);
    } catch (HypercallException e) {
      ctx.log().error("Domain " + domid + ":xc_domain_pause failed: " + e.errno().text());
    }
  }

  // Consoles go at once, since nobody ever closes them.
  private boolean removeDevices() throws IOException, LibxlException {
    Xs.Nodes store = ctx.xs().plain();
    String libxl = "/libxl/" + domid + "/device";
    List<DeviceOperation> operations = new ArrayList<>();
    for (String kind : store.directory(libxl).orElse(List.of())) {
      for (String devid : store.directory(libxl + "/" + kind).orElse(List.of())) {
        Optional<String> backend = store.read(libxl + "/" + kind + "/" + devid + "/backend");
        int number = Numbers.orElse(devid, -1);
        if (backend.isEmpty() || number < 0) {
          continue;
        }
        Device device = new Device(kind, number, domid, DomainNames.ownerOf(backend.get()));
        if (device.is(DeviceKind.CONSOLE)) {
          DeviceOperation.removeNodes(ctx, device);
        } else {
          operations.add(DeviceOperation.remove(ctx, device, DeviceOperation.Force.ON));
        }
      }
    }
    ctx.loop().runUntil(() -> operations.stream().allMatch(DeviceOperation::isDone));
    return operations.stream().allMatch(operation -> operation.failure().isEmpty());
  }

  private void removeNodes() throws IOException {
    Xs.Nodes store = ctx.xs().plain();
    ctx.xs().homeOf(domid);
    Optional<String> vm = store.read(home() + "/vm");
    if (vm.isPresent() && !hasTwin()) {
      store.remove(vm.get());
    }
    store.remove(home());
    store.remove("/libxl/" + domid);
    store.remove(home() + "/hvmloader");
  }

  // The other end of a migration within the host has the same handle, and so the same folder.
  private boolean hasTwin() {
    Optional<DomainInfo> own = ctx.domains().info(domid);
    return own.isPresent()
        && ctx.domains().list().stream()
            .anyMatch(
                other ->
                    other.uuid().equals(own.get().uuid())
                        && !other.domid().equals(domid)
                        && !other.dying());
  }

  private void kill() throws LibxlException {
    try {
      ctx.domains().destroy(domid);
    } catch (HypercallException e) {
      if (e.errno() == Errno.ESRCH) {
        return; // gone meanwhile
      }
      ctx.log().error("Domain " + domid + ":xc_domain_destroy failed: " + e.errno().text());
      throw new LibxlException(Rc.FAIL);
    }
    ctx.host().noteDestroyed(domid, ctx.kernel().cpu().machine().clock().nanos());
    awaitTeardown();
  }

  /// Gives the console daemon time to let go of its page, so that only a domain that somebody else
  /// holds is still there afterwards.
  ///
  /// Differs: the real hypercall releases memory for longer than that takes; ours returns at once.
  private void awaitTeardown() {
    for (int i = 0; i < TEARDOWN_POLLS && ctx.domains().info(domid).isPresent(); i++) {
      Task.sleep(TEARDOWN_POLL_NANOS);
    }
  }
}
