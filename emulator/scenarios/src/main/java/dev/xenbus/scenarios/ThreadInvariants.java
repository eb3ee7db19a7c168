package dev.xenbus.scenarios;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.DeviceFact;
import dev.xenbus.api.StateFact;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Threads and what they are for: a guest's thread has an entry, a backend's threads a device with
/// a driver, and a connected device its threads; dom0 has no kernel thread that nobody knows.
///
/// Guarded by the lock of [Invariants].
final class ThreadInvariants {
  /// Kernel threads of dom0 that belong to no guest.
  private static final Pattern KNOWN =
      Pattern.compile(
          "xenwatch|xenbus|xenstored|kworker/.*|emu-.*|shutdown|irq/\\d+-xen-netback-ctrl");

  private static final int XVD_MAJOR = 202;
  private static final int PARTITIONS = 16;
  private static final int MINORS = 256;

  /// A backend.
  private record Key(Domid kernel, String nodePath) {}

  private static final class Backend {
    private final DeviceFact device;

    /// How the names of its threads begin.
    private final String prefix;

    private boolean isConnected;
    private long connectedAt;
    private int found;

    Backend(DeviceFact device) {
      this.device = device;
      this.prefix = prefix(device);
    }

    private static String prefix(DeviceFact device) {
      String id = device.nodePath().substring(device.nodePath().lastIndexOf('/') + 1);
      return device.type().equals("vif")
          ? "vif" + device.guest() + "." + id + "-"
          : device.guest() + "." + diskName(id) + "-";
    }

    private static String diskName(String id) {
      int devid = Integer.parseInt(id);
      int disk = devid % MINORS / PARTITIONS;
      int partition = devid % PARTITIONS;
      return devid / MINORS == XVD_MAJOR
          ? "xvd" + (char) ('a' + disk) + (partition == 0 ? "" : partition)
          : "";
    }

    Backend leaving() {
      isConnected = false;
      return this;
    }

    boolean has(String comm) {
      return comm.startsWith(prefix) || comm.startsWith("napi/" + prefix);
    }

    /// A vif has three threads a queue, a vbd one a ring.
    int threadsMin() {
      return device.type().equals("vif") ? 3 : 1;
    }
  }

  private final Breaches broken;
  private final Machine machine;
  private final MtwatchInvariants mtwatch;
  private final Map<Key, Backend> backends = new LinkedHashMap<>();

  /// By the owner of a Cpu; for those that are no kernel's, nothing.
  private final Map<String, Optional<Domid>> kernels = new LinkedHashMap<>();

  /// Names that were found to be known before.
  private final Set<String> known = new HashSet<>();

  ThreadInvariants(Breaches broken, Machine machine, MtwatchInvariants mtwatch) {
    this.broken = broken;
    this.machine = machine;
    this.mtwatch = mtwatch;
  }

  /// Returns whether it is named as a backend's threads are: `vif7.0-q0-dealloc`, `7.xvda-0`. Those
  /// of a frontend have no domid in their names.
  private static boolean isOfBackend(String comm) {
    boolean isNamedSo =
        comm.startsWith("vif") || comm.startsWith("napi/vif") || Character.isDigit(comm.charAt(0));
    return isNamedSo && comm.indexOf('.') > 0;
  }

  /// Returns whose kernel's threads these are, or null: of Xen, or from outside.
  private @Nullable Domid kernelOf(Task task) {
    return kernels
        .computeIfAbsent(
            task.cpu().owner(),
            owner ->
                owner.matches("dom[0-9]+")
                    ? Optional.of(Domid.of(Integer.parseInt(owner.substring("dom".length()))))
                    : Optional.empty())
        .orElse(null);
  }

  void heard(String point, DeviceFact fact) {
    boolean isOurs = fact.backend() && (fact.type().equals("vif") || fact.type().equals("vbd"));
    if (!isOurs) {
      return;
    }
    Key key = new Key(fact.kernel(), fact.nodePath());
    if (point.equals("device_probe")) {
      backends.put(key, new Backend(fact));
    } else if (point.equals("device_remove")) {
      backends.computeIfPresent(key, (_, backend) -> backend.leaving());
    } else if (point.equals("device_unbound")) {
      Backend gone = backends.remove(key);
      if (gone != null) {
        checkNoneOf(gone);
      }
    }
  }

  private void checkNoneOf(Backend gone) {
    for (Task task : machine.tasks()) {
      if (gone.has(task.comm()) && gone.device.kernel().equals(kernelOf(task))) {
        broken.add("threads: " + task.comm() + " outlives the driver of " + gone.device.nodePath());
      }
    }
  }

  /// A state counts for the driver's threads whether or not it could be published.
  void heard(StateFact fact, long now) {
    Backend backend = fact.backend() ? backends.get(new Key(fact.kernel(), fact.nodePath())) : null;
    if (backend != null) {
      backend.isConnected = fact.to() == XenbusState.CONNECTED;
      backend.connectedAt = now;
    }
  }

  /// Checks the threads that there are.
  ///
  /// @param isBusy whether some callback of dom0 is under way: it may have stopped threads of a
  ///     device whose driver says only afterwards that it is not connected any more
  void look(long now, boolean isBusy) {
    backends.values().forEach(backend -> backend.found = 0);
    for (Task task : machine.tasks()) {
      Domid kernel = task.isKernelThread() ? kernelOf(task) : null;
      if (kernel != null) {
        look(kernel, task.comm(), now);
      }
    }
    for (Backend backend : backends.values()) {
      if (!isBusy
          && backend.isConnected
          && backend.device.kernel().equals(Domid.DOM0)
          && backend.found < backend.threadsMin()
          && now - backend.connectedAt > Invariants.GRACE_NANOS) {
        broken.add(
            "threads: "
                + backend.device.nodePath()
                + " is connected and has "
                + backend.found
                + " of its threads");
      }
    }
  }

  private void look(Domid kernel, String comm, long now) {
    if (comm.startsWith(MtwatchInvariants.GUEST_THREAD)) {
      Domid guest =
          Domid.of(Integer.parseInt(comm.substring(MtwatchInvariants.GUEST_THREAD.length())));
      if (!mtwatch.mayHaveThread(kernel, guest, now)) {
        broken.add("threads: " + comm + " of dom" + kernel + " is there and its guest is not");
      }
    } else if (isOfBackend(comm)) {
      Backend owner = ownerOf(kernel, comm);
      if (owner == null) {
        broken.add("threads: " + comm + " of dom" + kernel + " belongs to no device with a driver");
      } else {
        owner.found++;
      }
    } else if (kernel.equals(Domid.DOM0) && !known.contains(comm)) {
      if (KNOWN.matcher(comm).matches()) {
        known.add(comm);
      } else {
        broken.add("threads: nobody knows " + comm + " of dom" + kernel);
      }
    }
  }

  private @Nullable Backend ownerOf(Domid kernel, String comm) {
    for (Backend backend : backends.values()) {
      if (backend.device.kernel().equals(kernel) && backend.has(comm)) {
        return backend;
      }
    }
    return null;
  }

  /// Checks that no thread of a guest or a device is left, when dom0 is down.
  void checkPoweredOff() {
    List<String> left = new ArrayList<>();
    for (Task task : machine.tasks()) {
      boolean isOurs =
          task.comm().startsWith(MtwatchInvariants.GUEST_THREAD) || isOfBackend(task.comm());
      if (isOurs && task.isKernelThread() && kernelOf(task) != null) {
        left.add(task.comm());
      }
    }
    if (!left.isEmpty()) {
      broken.add("threads: at the end " + left + " are left");
    }
  }
}
