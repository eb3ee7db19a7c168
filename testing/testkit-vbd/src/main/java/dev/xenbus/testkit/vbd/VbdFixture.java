package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// dom0 and a guest with one disk, xvda; what a toolstack and its script do.
public final class VbdFixture {
  /// The guest.
  public static final int GUEST = 1;

  /// The backend's folder.
  public static final String BACK = "/local/domain/0/backend/vbd/1/51712";

  /// The frontend's folder.
  public static final String FRONT = "/local/domain/1/device/vbd/51712";

  private static final int TRIES_MAX = 60_000;
  private static final long TRY_NANOS = 1_000_000;

  private final FakeXen xen;
  private final FakeKernel dom0;
  private final FakeKernel guest;
  private final FakeDevice back;
  private final FakeDevice front;
  private final List<BackendDriver.Instance> backend = new ArrayList<>();
  private final List<FrontendDriver.Instance> frontend = new ArrayList<>();

  /// Boots both and writes the toolstack's nodes.
  ///
  /// @param mode `w` or `r`
  public VbdFixture(Machine machine, String mode) {
    xen = new FakeXen(machine);
    dom0 = xen.dom0();
    guest = xen.guest();
    FakeStore store = xen.store();
    store.write(BACK + "/state", "1");
    store.write(BACK + "/online", "1");
    store.write(BACK + "/mode", mode);
    store.write(BACK + "/dev", "xvda");
    store.write(BACK + "/frontend", FRONT);
    store.write(BACK + "/frontend-id", "1");
    store.write(FRONT + "/state", "1");
    store.write(FRONT + "/virtual-device", "51712");
    store.write(FRONT + "/device-type", "disk");
    store.write(FRONT + "/backend", BACK);
    store.write(FRONT + "/backend-id", "0");
    back = new FakeDevice(dom0, "backend/vbd/1/51712", FRONT, GUEST);
    front = new FakeDevice(guest, "device/vbd/51712", BACK, 0);
  }

  /// Returns the store.
  public FakeStore store() {
    return xen.store();
  }

  /// Returns dom0's kernel.
  public FakeKernel dom0() {
    return dom0;
  }

  /// Returns the guest's kernel.
  public FakeKernel guest() {
    return guest;
  }

  /// Returns the backend's end.
  public FakeDevice back() {
    return back;
  }

  /// Returns the frontend's end.
  public FakeDevice front() {
    return front;
  }

  /// Returns what went wrong in callbacks.
  public List<String> faults() {
    return xen.faults();
  }

  /// Lets a backend driver probe, in dom0's `xenwatch`.
  public void startBackend(BackendDriver driver, String... parameters) {
    var values = new FakeParameters(driver.parameters(), List.of(parameters));
    var context = new DriverContext(dom0, back.xenbus(), values);
    dom0.post(
        () -> {
          try {
            BackendDriver.Instance instance = driver.probe(back, context);
            backend.add(instance);
            back.bind(
                new FakeDevice.Driver() {
                  @Override
                  public void otherEndChanged(XenbusState state, int code) {
                    instance.otherEndChanged(state, code);
                  }

                  @Override
                  public void remove() {
                    instance.remove();
                  }
                });
          } catch (KernelException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  /// Returns the backend's instance.
  public BackendDriver.Instance backend() {
    return backend.getFirst();
  }

  /// Lets a frontend driver probe, in the guest's `xenwatch`.
  public void startFrontend(FrontendDriver driver, String... parameters) {
    var values = new FakeParameters(driver.parameters(), List.of(parameters));
    var context = new DriverContext(guest, front.xenbus(), values);
    guest.post(
        () -> {
          try {
            FrontendDriver.Instance instance = driver.probe(front, context);
            frontend.add(instance);
            front.bind(
                new FakeDevice.Driver() {
                  @Override
                  public void otherEndChanged(XenbusState state, int code) {
                    instance.otherEndChanged(state, code);
                  }

                  @Override
                  public void remove() {
                    instance.remove();
                  }
                });
          } catch (KernelException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  /// Returns the frontend's instance.
  public FrontendDriver.Instance frontend() {
    return frontend.getFirst();
  }

  /// Attaches an image and answers as the hotplug script does.
  ///
  /// @param image such as `ram:1M`
  public Disk hotplug(String image) throws KernelException {
    Disk disk = dom0.block().attachLoop(Path.of(image), false);
    hotplug(disk);
    return disk;
  }

  /// Answers as the hotplug script does, for a disk that is there.
  public void hotplug(Disk disk) {
    store().write(BACK + "/physical-device", disk.number().toString());
    store().write(BACK + "/hotplug-status", "connected");
  }

  /// Returns the guest's disk, once it is there.
  public Disk awaitDisk() {
    await("xvda in the guest", () -> guest.block().disk("xvda").isPresent());
    return guest.block().disk("xvda").orElseThrow();
  }

  /// Waits until a state node says so.
  public void awaitState(String dir, XenbusState state) {
    String code = Integer.toString(state.code());
    await(
        dir + "/state = " + code + ", not " + store().read(dir + "/state"),
        () -> store().read(dir + "/state").orElse("").equals(code));
  }

  /// Waits, in the machine's time, until something holds; at most a minute.
  public void await(String what, BooleanSupplier holds) {
    for (int i = 0; i < TRIES_MAX; i++) {
      if (holds.getAsBoolean()) {
        return;
      }
      Task.sleep(TRY_NANOS);
    }
    throw new AssertionError(
        "waited in vain for " + what + "; errors " + back.errors() + front.errors() + faults());
  }

  /// Waits until nothing is left to do for either `xenwatch`.
  public void settle() {
    await("idle xenwatch threads", () -> dom0.isWatchIdle() && guest.isWatchIdle());
  }

  /// Takes the device away as `xl block-detach` does: the frontend is told, reacts, and both ends
  /// go.
  public void detach() {
    store().write(BACK + "/online", "0");
    store().write(BACK + "/state", "5");
  }
}
