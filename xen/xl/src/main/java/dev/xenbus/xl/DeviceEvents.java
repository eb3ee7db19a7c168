package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/// What a driver domain's toolstack does by itself (`libxl_device_events_handler`,
/// `libxl_device.c`): runs the hotplug scripts of the backends in its own domain as they appear,
/// and as they close, and removes their nodes then. Dom0's toolstack makes the nodes, asks them to
/// close, and waits until they are gone.
///
/// ```
/// nodes appear, state not Closed ──> wait for InitWait ──> script "add"/"online"
/// state Closed, online 0         ──> script "remove"/"offline" ──> nodes go
/// ```
///
/// Threads: exclusive to the process whose event loop it is.
final class DeviceEvents {
  private final LibxlContext ctx;

  /// The devices that are served, by guest; a guest goes with its last device.
  private final TreeMap<Domid, TreeSet<String>> guests = new TreeMap<>();

  DeviceEvents(LibxlContext ctx) {
    this.ctx = ctx;
  }

  /// Runs until a signal comes.
  ///
  /// @throws IOException if the connection to the store breaks
  void run() throws IOException, LibxlException {
    String folder = "/local/domain/" + ctx.ownDomid() + "/backend";
    ctx.loop().watchPaths(folder, this::changed);
    findWaiting(folder);
    while (true) {
      try {
        ctx.loop().runUntil(() -> false);
      } catch (XenstoreException e) {
        // One device's trouble, such as a folder that was removed under its hands.
        ctx.log().error("xenstore: " + e.getMessage());
      } catch (LibxlException _) {
        // As above; the log has it.
      }
    }
  }

  /// Takes those that were made before the watch was.
  private void findWaiting(String folder) throws IOException, LibxlException {
    for (String kind : names(folder)) {
      for (String guest : names(folder + "/" + kind)) {
        for (String devid : names(folder + "/" + kind + "/" + guest)) {
          String path = folder + "/" + kind + "/" + guest + "/" + devid;
          if (number(path + "/state").equals(Optional.of(XenbusState.INIT_WAIT.code()))) {
            changed(path + "/state");
          }
        }
      }
    }
  }

  private List<String> names(String path) throws IOException {
    return ctx.xs().plain().directory(path).orElse(List.of());
  }

  private Optional<Integer> number(String path) throws IOException {
    return ctx.xs().plain().readIfAllowed(path).map(text -> Numbers.orElse(text.strip(), 0));
  }

  /// Mirrors `backend_watch_callback`: only `state` and `online` count.
  private void changed(String path) throws IOException, LibxlException {
    int slash = path.lastIndexOf('/');
    String name = path.substring(slash + 1);
    if (!name.equals("state") && !name.equals("online")) {
      return;
    }
    String folder = path.substring(0, slash);
    Optional<Integer> state = number(folder + "/state");
    Optional<Integer> online = number(folder + "/online");
    Optional<Device> device = parse(folder);
    if (state.isEmpty() || online.isEmpty() || device.isEmpty()) {
      return;
    }
    boolean closed = state.get() == XenbusState.CLOSED.code();
    if (isServed(device.get())) {
      if (closed && online.get() == 0) {
        remove(device.get());
      }
    } else if (!closed) {
      add(device.get());
    }
  }

  /// Returns the device of `/local/domain/<own>/backend/<kind>/<guest>/<devid>`.
  private static Optional<Device> parse(String folder) {
    String[] names = folder.split("/", -1);
    if (names.length != 8) {
      return Optional.empty();
    }
    int guest = Numbers.orElse(names[6], -1);
    int devid = Numbers.orElse(names[7], -1);
    if (guest < 0 || guest >= Domid.FIRST_RESERVED || devid < 0) {
      return Optional.empty();
    }
    return Optional.of(new Device(names[5], devid, Domid.of(guest), DomainNames.ownerOf(folder)));
  }

  private boolean isServed(Device device) {
    TreeSet<String> devices = guests.get(device.domid());
    return devices != null && devices.contains(device.relativeBackendPath());
  }

  private static boolean hasScript(Device device) {
    return device.is(DeviceKind.VBD) || device.is(DeviceKind.VIF);
  }

  private void add(Device device) throws IOException {
    guests.computeIfAbsent(device.domid(), _ -> new TreeSet<>()).add(device.relativeBackendPath());
    if (hasScript(device)) {
      DeviceOperation.add(ctx, device);
    }
  }

  private void remove(Device device) throws IOException, LibxlException {
    TreeSet<String> devices = guests.get(device.domid());
    if (devices != null) {
      devices.remove(device.relativeBackendPath());
      if (devices.isEmpty()) {
        guests.remove(device.domid());
        ctx.xs().plain().remove("libxl/" + device.domid());
      }
    }
    if (hasScript(device)) {
      DeviceOperation.remove(ctx, device, DeviceOperation.Force.OFF);
    }
  }
}
