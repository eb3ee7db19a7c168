package dev.xenbus.testkit;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.linux.api.KernelException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A frontend driver that notes what its bus calls. It publishes Initialised when the backend
/// waits, follows it to Connected, and closes with it.
///
/// Threads: any.
public class TestFrontend implements FrontendDriver {
  private final String type;
  private final CopyOnWriteArrayList<String> calls = new CopyOnWriteArrayList<>();

  /// Makes a driver of a device type.
  public TestFrontend(String type) {
    this.type = type;
  }

  @Override
  public String name() {
    return "test_" + type + "front";
  }

  @Override
  public String deviceType() {
    return type;
  }

  /// Returns the calls so far: `probe vif-0`, `changed vif-0 InitWait`, `remove vif-0`.
  public List<String> calls() {
    return List.copyOf(calls);
  }

  @Override
  public Instance probe(XenbusDevice device, DriverContext context) throws KernelException {
    calls.add("probe " + device.busId());
    return new Frontend(device);
  }

  /// Called when the backend's state may have changed, before anything is done about it.
  ///
  /// @param code the number that was read
  protected void onChanged(XenbusState state, int code) {}

  /// Called when a device is about to be suspended.
  ///
  /// @param device its name
  protected void onSuspend(String device) {}

  /// Called when a device is to connect again.
  ///
  /// @param device its name
  /// @throws KernelException if it cannot
  protected void onResume(String device) throws KernelException {}

  private final class Frontend implements Instance {
    private final XenbusDevice device;

    Frontend(XenbusDevice device) {
      this.device = device;
    }

    @Override
    public void otherEndChanged(XenbusState state, int code) {
      onChanged(state, code);
      otherEndChanged(state);
    }

    @Override
    public void otherEndChanged(XenbusState state) {
      calls.add("changed " + device.busId() + " " + state);
      switch (state) {
        case INIT_WAIT -> {
          if (device.state() == XenbusState.INITIALISING) {
            device.switchState(XenbusState.INITIALISED);
          }
        }
        case CONNECTED -> device.switchState(XenbusState.CONNECTED);
        case CLOSING, CLOSED -> device.frontendClosed();
        default -> {}
      }
    }

    @Override
    public void remove() {
      calls.add("remove " + device.busId());
    }

    @Override
    public void suspend() {
      calls.add("suspend " + device.busId());
      onSuspend(device.busId());
    }

    @Override
    public void resume() throws KernelException {
      calls.add("resume " + device.busId());
      onResume(device.busId());
    }
  }
}
