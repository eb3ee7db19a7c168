package dev.xenbus.netback;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.KernelSymbol;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One backend device: the state machine.
///
/// Mirrors `struct backend_info` (`drivers/net/xen-netback/xenbus.c`). It has a state of its own
/// beside the published one, which lags while the hotplug script is waited for:
///
/// | own state \ wanted | InitWait | Connected | Closing | Closed |
/// |---|---|---|---|---|
/// | Initialising | InitWait | InitWait | InitWait | Closed |
/// | InitWait | - | connect, Connected | Closing | Closing |
/// | Connected | disconnect, Closing | - | disconnect, Closing | disconnect, Closing |
/// | Closing | Closed | Closed | - | Closed |
/// | Closed | InitWait | InitWait | Closing | - |
///
/// Steps are made until the wanted state is reached. Threads: owned by the thread that runs this
/// device's watch events, which may be the one that [#disconnect] blocks.
final class NetbackDevice implements BackendDriver.Instance {
  private static final String HOTPLUG_CONNECTED = "connected";

  private final XenbusDevice device;
  private final NetbackParameters parameters;
  private final String script;
  private final Vif vif;
  private final VifConnector connector;

  private XenbusState state = XenbusState.INITIALISING;
  private @Nullable XenbusWatch hotplugWatch;
  private boolean isWaitingForHotplug;
  private boolean isRemoved;

  private NetbackDevice(XenbusDevice device, NetbackParameters parameters, String script, Vif vif) {
    this.device = device;
    this.parameters = parameters;
    this.script = script;
    this.vif = vif;
    this.connector = new VifConnector(device, vif, parameters);
  }

  /// Publishes what this backend offers, makes the interface, and waits for the frontend.
  ///
  /// Differs: the kernel publishes InitWait before it makes the interface. Ours is there first, so
  /// that a hotplug script that is as quick as an emulated one finds it.
  ///
  /// @throws KernelException if a mandatory node is missing or there is an interface of that name;
  ///     the device was failed
  static NetbackDevice probe(XenbusDevice device, DriverContext context) throws KernelException {
    NetbackParameters parameters = NetbackParameters.of(context.parameters());
    try {
      BackendFeatures.publish(device, parameters);
      String script = read(device, "script");
      long handle = readHandle(device);
      Vif vif = Vif.create(context.kernel(), device, parameters, handle);
      NetbackDevice backend = new NetbackDevice(device, parameters, script, vif);
      backend.switchState(XenbusState.INIT_WAIT);
      return backend;
    } catch (KernelException e) {
      device.failDevice(e.errno(), String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private static String read(XenbusDevice device, String node) throws KernelException {
    try {
      return device.xenbus().read(XenbusTransaction.NONE, device.nodePath(), node);
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), "reading " + node, e);
    }
  }

  private static long readHandle(XenbusDevice device) throws KernelException {
    try {
      return device.xenbus().readNumber(XenbusTransaction.NONE, device.nodePath(), "handle");
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), "reading handle", e);
    }
  }

  @Override
  public List<String> uevent() {
    return List.of("script=" + script, "vif=" + vif.name());
  }

  @Override
  public void otherEndChanged(XenbusState frontendState) {
    otherEndChanged(frontendState, frontendState.code());
  }

  @Override
  @KernelSymbol(value = "frontend_changed", module = "xen_netback")
  public void otherEndChanged(XenbusState frontendState, int code) {
    switch (frontendState) {
      case INITIALISING -> setBackendState(XenbusState.INIT_WAIT);
      case INITIALISED -> {
        // Of no meaning for network interfaces.
      }
      case CONNECTED -> setBackendState(XenbusState.CONNECTED);
      case RECONFIGURING -> reconfigure();
      case CLOSING -> setBackendState(XenbusState.CLOSING);
      case CLOSED -> {
        setBackendState(XenbusState.CLOSED);
        if (!device.isOnline()) {
          device.unregister();
        }
      }
      case UNKNOWN -> {
        setBackendState(XenbusState.CLOSED);
        device.unregister();
      }
      case INIT_WAIT, RECONFIGURED, INVALID ->
          device.failDevice(Errno.EINVAL, "saw state %d at frontend".formatted(code));
    }
  }

  /// Takes a new headroom while connected; this end's own state does not change.
  private void reconfigure() {
    int headroom = FrontendFeatures.readXdpHeadroom(device, parameters);
    vif.features(vif.features().withXdpHeadroom(headroom));
    device.switchState(XenbusState.RECONFIGURED);
  }

  @KernelSymbol(value = "set_backend_state", module = "xen_netback")
  private void setBackendState(XenbusState wanted) {
    while (state != wanted) {
      step(wanted);
    }
  }

  /// Makes one step of the table above.
  private void step(XenbusState wanted) {
    switch (state) {
      case INITIALISING ->
          switchState(wanted == XenbusState.CLOSED ? XenbusState.CLOSED : XenbusState.INIT_WAIT);
      case INIT_WAIT -> {
        if (wanted == XenbusState.CONNECTED) {
          connect();
          switchState(XenbusState.CONNECTED);
        } else {
          switchState(XenbusState.CLOSING);
        }
      }
      case CONNECTED -> {
        disconnect();
        switchState(XenbusState.CLOSING);
      }
      case CLOSING -> switchState(XenbusState.CLOSED);
      case CLOSED ->
          switchState(wanted == XenbusState.CLOSING ? XenbusState.CLOSING : XenbusState.INIT_WAIT);
      case UNKNOWN, INITIALISED, RECONFIGURING, RECONFIGURED, INVALID ->
          throw new Bug("netback in state " + state);
    }
  }

  /// Sets the own state, and publishes it unless the hotplug script is waited for. Mirrors
  /// `backend_switch_state`.
  private void switchState(XenbusState next) {
    state = next;
    if (!isWaitingForHotplug) {
      device.switchState(next);
    }
  }

  /// Connects the interface to the frontend. A failure was published with an error and Closing; the
  /// state machine goes on all the same and publishes Connected, as the kernel's does.
  private void connect() {
    if (connector.connect()) {
      waitForHotplug();
    }
  }

  private void waitForHotplug() {
    stopWaitingForHotplug();
    isWaitingForHotplug = true;
    try {
      XenbusWatch watch = device.watch(hotplugPath(), _ -> hotplugStatusChanged());
      // The callback may have run, and found it connected, before the watch was ours to close.
      if (isWaitingForHotplug) {
        hotplugWatch = watch;
      } else {
        watch.close();
      }
    } catch (KernelException _) {
      // The bus has failed the device; nobody tells us of the script, so do not wait for it.
      isWaitingForHotplug = false;
    }
  }

  private String hotplugPath() {
    return device.nodePath() + "/hotplug-status";
  }

  /// Publishes the state that was reached meanwhile. Mirrors `hotplug_status_changed`.
  private void hotplugStatusChanged() {
    if (isWaitingForHotplug && HOTPLUG_CONNECTED.equals(readHotplugStatus())) {
      stopWaitingForHotplug();
      device.switchState(state);
    }
  }

  private @Nullable String readHotplugStatus() {
    try {
      return device.xenbus().read(XenbusTransaction.NONE, device.nodePath(), "hotplug-status");
    } catch (XenstoreException _) {
      return null;
    }
  }

  private void stopWaitingForHotplug() {
    isWaitingForHotplug = false;
    XenbusWatch watch = hotplugWatch;
    hotplugWatch = null;
    if (watch != null) {
      watch.close();
    }
  }

  /// Ends the data path; waits for as long as a packet of the guest is held. Mirrors
  /// `backend_disconnect`, which the compiler puts into its caller.
  private void disconnect() {
    connector.unwatch();
    vif.disconnectData();
    vif.disconnectControl();
  }

  /// Mirrors `netback_remove`.
  @Override
  public void remove() {
    if (isRemoved) {
      return;
    }
    isRemoved = true;
    stopWaitingForHotplug();
    removeHotplugStatus();
    disconnect();
    vif.free();
  }

  private void removeHotplugStatus() {
    Xenbus xenbus = device.xenbus();
    try {
      xenbus.remove(XenbusTransaction.NONE, device.nodePath(), "hotplug-status");
    } catch (XenstoreException _) {
      // Gone with its folder, or never made.
    }
  }
}
