package dev.xenbus.testkit;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Task;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A backend driver that notes what its bus calls and does what a test says. By itself it publishes
/// InitWait, follows the frontend to Connected and Closed, and unregisters when the frontend is
/// gone.
///
/// Threads: any.
public class TestBackend implements BackendDriver {
  private final String type;
  private final boolean mtwatch;
  private final CopyOnWriteArrayList<String> calls = new CopyOnWriteArrayList<>();

  /// Makes a driver of a device type.
  public TestBackend(String type, boolean mtwatch) {
    this.type = type;
    this.mtwatch = mtwatch;
  }

  @Override
  public String name() {
    return "test_" + type + "back";
  }

  @Override
  public String deviceType() {
    return type;
  }

  @Override
  public boolean supportsMtwatch() {
    return mtwatch;
  }

  @Override
  public boolean allowsRebind() {
    return true;
  }

  /// Returns the calls so far: `probe vif-1-0 @thread`, `changed vif-1-0 Closed @thread`, `remove
  /// …`.
  public List<String> calls() {
    return List.copyOf(calls);
  }

  /// Notes a call, with the thread that makes it.
  protected final void note(String call) {
    calls.add(call + " @" + Task.current().comm());
  }

  @Override
  public Instance probe(XenbusDevice device, DriverContext context) throws KernelException {
    note("probe " + device.busId());
    onProbe(device, context);
    device.switchState(XenbusState.INIT_WAIT);
    return new Backend(device);
  }

  /// Called in probe, before InitWait is published.
  ///
  /// @throws KernelException if the probe is to fail
  protected void onProbe(XenbusDevice device, DriverContext context) throws KernelException {}

  /// Called when the frontend's state may have changed.
  protected void onChanged(XenbusDevice device, XenbusState state) {
    switch (state) {
      case INITIALISED, CONNECTED -> device.switchState(XenbusState.CONNECTED);
      case CLOSING -> device.switchState(XenbusState.CLOSING);
      case CLOSED -> {
        device.switchState(XenbusState.CLOSED);
        if (!device.isOnline()) {
          device.unregister();
        }
      }
      case UNKNOWN -> device.unregister();
      default -> {}
    }
  }

  /// Called in remove.
  protected void onRemove(XenbusDevice device) {}

  /// Returns what it adds to the device's uevents.
  protected List<String> ueventOf(XenbusDevice device) {
    return List.of();
  }

  private final class Backend implements Instance {
    private final XenbusDevice device;

    Backend(XenbusDevice device) {
      this.device = device;
    }

    @Override
    public void otherEndChanged(XenbusState state) {
      note("changed " + device.busId() + " " + state);
      onChanged(device, state);
    }

    @Override
    public void remove() {
      note("remove " + device.busId());
      onRemove(device);
    }

    @Override
    public List<String> uevent() {
      return ueventOf(device);
    }

    @Override
    public void reclaimMemory() {
      note("reclaim " + device.busId());
    }
  }
}
