package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One device on its way in or out, after its nodes were written (`libxl__ao_device`,
/// `libxl_device.c`). Many of them go on at once in one event loop.
///
/// ```
/// add:     wait for InitWait ──────────────> script ──> done
///              └ not in time: message, done
/// remove:  online 0, state Closing ─ wait for Closed ──> script ──> nodes go ──> done
///              └ not in time: again with force (auto), or message; nodes go if forced
/// ```
///
/// Threads: exclusive to the process whose event loop it is.
final class DeviceOperation {
  /// What becomes of the nodes if the backend does not close.
  enum Force {
    /// They stay.
    OFF,
    /// They go; the frontend's at once.
    ON,
    /// A second attempt is made with force.
    AUTO
  }

  private enum Action {
    ADD("add"),
    REMOVE("remove");

    private final String verb;

    Action(String verb) {
      this.verb = verb;
    }
  }

  private final LibxlContext ctx;
  private final Device device;
  private final Action action;
  private Force force;
  private boolean done;
  private boolean scriptRan;
  private @Nullable Rc failure;

  private DeviceOperation(LibxlContext ctx, Device device, Action action, Force force) {
    this.ctx = ctx;
    this.device = device;
    this.action = action;
    this.force = force;
  }

  /// Writes the nodes of a new device and starts to wait for its backend.
  ///
  /// @return an operation that has failed, if there is such a device already
  static DeviceOperation create(LibxlContext ctx, Device device, DeviceNodes nodes)
      throws IOException, LibxlException {
    ctx.ownDomid();
    boolean exists =
        ctx.xs()
            .transaction(
                tx -> {
                  if (tx.read(device.libxlPath()).isPresent()) {
                    return true;
                  }
                  ctx.xs().homeOf(device.domid());
                  ctx.xs().homeOf(device.backendDomid());
                  nodes.write(tx);
                  return false;
                });
    if (exists) {
      ctx.log().error(LogSite.DEVICE_DISK_ADD, device.domid(), "device already exists in xenstore");
      return failed(ctx, device, Rc.DEVICE_EXISTS);
    }
    return add(ctx, device);
  }

  /// Returns an operation that has failed before it began.
  static DeviceOperation failed(LibxlContext ctx, Device device, Rc rc) {
    DeviceOperation operation = new DeviceOperation(ctx, device, Action.ADD, Force.OFF);
    operation.finish(rc);
    return operation;
  }

  /// Starts to wait for the backend of a device whose nodes are there
  /// (`libxl__wait_device_connection`).
  static DeviceOperation add(LibxlContext ctx, Device device) throws IOException {
    DeviceOperation operation = new DeviceOperation(ctx, device, Action.ADD, Force.OFF);
    ctx.xs().homeOf(device.backendDomid());
    operation.awaitState(XenbusState.INIT_WAIT, Timeouts.INIT_NANOS);
    return operation;
  }

  /// Starts to remove a device.
  static DeviceOperation remove(LibxlContext ctx, Device device, Force force)
      throws IOException, LibxlException {
    DeviceOperation operation = new DeviceOperation(ctx, device, Action.REMOVE, force);
    operation.askToClose();
    return operation;
  }

  Device device() {
    return device;
  }

  boolean isDone() {
    return done;
  }

  /// Returns why it failed, or empty.
  Optional<Rc> failure() {
    return Optional.ofNullable(failure);
  }

  private void askToClose() throws IOException, LibxlException {
    ctx.xs().homeOf(device.backendDomid());
    ctx.ownDomid();
    boolean missing = ctx.xs().transaction(this::writeClosing);
    if (missing) {
      ctx.log().info("backend " + device.backendPath() + " already removed, cleanup frontend only");
      removeNodes();
      return;
    }
    awaitState(XenbusState.CLOSED, Timeouts.DESTROY_NANOS);
  }

  // online before state, and never Closing over Closed.
  private boolean writeClosing(Xs.Nodes tx) throws IOException {
    if (force == Force.ON) {
      ctx.xs().homeOf(device.domid());
      tx.prune(device.frontendPath());
    }
    String backend = device.backendPath();
    Optional<String> state = tx.read(backend + "/state");
    if (state.isEmpty() && ctx.release().takesMissingBackendForRemoved()) {
      return true;
    }
    tx.write(backend + "/online", "0");
    if (state.isEmpty() || !isState(state.get(), XenbusState.CLOSED)) {
      tx.write(backend + "/state", Integer.toString(XenbusState.CLOSING.code()));
    }
    return false;
  }

  private void awaitState(XenbusState wanted, long nanos) throws IOException {
    NodeWait.start(
        ctx,
        device.backendPath() + "/state",
        nanos,
        value -> {
          if (value.isEmpty()) {
            throw new LibxlException(Rc.INVAL);
          }
          return isState(value.get(), wanted);
        },
        this::backendDone);
  }

  private static boolean isState(String text, XenbusState state) {
    return text.strip().equals(Integer.toString(state.code()));
  }

  /// Mirrors `device_backend_callback` (`libxl_device.c`).
  private void backendDone(@Nullable Rc rc) throws IOException, LibxlException {
    if (rc == null) {
      runScript();
      return;
    }
    if (rc == Rc.TIMEDOUT && action == Action.REMOVE && force == Force.AUTO) {
      force = Force.ON;
      askToClose();
      return;
    }
    ctx.log()
        .error(
            LogSite.DEVICE_BACKEND_CALLBACK,
            device.domid(),
            "unable to " + action.verb + " device with path " + device.backendPath());
    failure = rc;
    scriptDone();
  }

  /// Mirrors `device_hotplug` (`libxl_device.c`): looks for a script; once it ran, looks again.
  private void runScript() throws IOException, LibxlException {
    ctx.xs().homeOf(device.backendDomid());
    Domid own = ctx.ownDomid();
    if (!device.backendDomid().equals(own)) {
      runByDriverDomain();
      return;
    }
    Optional<Hotplug> script = Hotplug.of(ctx, device, action == Action.ADD, scriptRan);
    if (script.isEmpty()) {
      scriptDone();
      return;
    }
    scriptRan = true;
    script.get().start(this::scriptExited);
  }

  private void scriptExited(@Nullable Rc rc) throws IOException, LibxlException {
    if (rc != null && action == Action.ADD) {
      failure = rc;
      scriptDone();
      return;
    }
    runScript();
  }

  // The driver domain runs the script itself, and removes the backend's nodes when it is done.
  private void runByDriverDomain() throws IOException, LibxlException {
    if (action == Action.ADD) {
      scriptDone();
      return;
    }
    String path = device.backendPath();
    NodeWait.start(
        ctx,
        path,
        Timeouts.DESTROY_NANOS,
        Optional::isEmpty,
        rc -> {
          if (rc != null) {
            ctx.log().error("timed out while waiting for " + path + " to be removed");
            failure = rc;
          }
          scriptDone();
        });
  }

  /// Mirrors `device_hotplug_done` and `device_hotplug_clean` (`libxl_device.c`).
  private void scriptDone() throws IOException, LibxlException {
    if (action == Action.REMOVE && (failure == null || force == Force.ON)) {
      removeNodes();
    } else {
      finish(failure);
    }
  }

  private void removeNodes() throws IOException, LibxlException {
    removeNodes(ctx, device);
    finish(failure);
  }

  /// Removes the nodes of a device at once, with the parents that become empty
  /// (`libxl__device_destroy`): dom0 those of the frontend and its own notes, the domain that
  /// serves the device those of the backend.
  static void removeNodes(LibxlContext ctx, Device device) throws IOException, LibxlException {
    ctx.xs().homeOf(device.backendDomid());
    ctx.xs().homeOf(device.domid());
    Domid own = ctx.ownDomid();
    ctx.xs()
        .inTransaction(
            tx -> {
              if (own.equals(Domid.DOM0)) {
                tx.prune(device.frontendPath());
                tx.prune(device.libxlPath());
              }
              if (own.equals(device.backendDomid())) {
                tx.prune(device.backendPath());
              }
            });
  }

  private void finish(@Nullable Rc rc) {
    failure = rc;
    done = true;
  }
}
