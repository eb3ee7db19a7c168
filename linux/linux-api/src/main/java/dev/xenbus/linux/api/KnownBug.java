package dev.xenbus.linux.api;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// A fault that a real kernel had, or has, and ours does not. A kernel whose parameter
/// `kernel.bugs` names it has it too, so that exploration can be shown to find it.
public enum KnownBug {
  /// A backend that is just connecting publishes Connected over the Closing that the toolstack
  /// wrote to take the device away. Nobody closes then, and the toolstack waits for its time-out.
  /// `__xenbus_switch_state` (`drivers/xen/xenbus/xenbus_client.c`) looks at no state but
  /// Initialising.
  CONNECT_DURING_DESTROY("connect-during-destroy"),

  /// A callback that unregisters a device waits for the device's lock, whose holder takes the
  /// driver away, or binds one, and waits for that very callback. Reported of kernels of 2026,
  /// where the root watch sees a device go while a driver is bound or unbound on another thread.
  UNREGISTER_DEADLOCK("unregister-deadlock"),

  /// netfront's removal waits for the backend's Closing, and for ever if it is Closed by then:
  /// `xennet_remove` (`drivers/net/xen-netfront.c`) before Linux 5.9 had read another state just
  /// before, and a backend that goes on to Closed never comes back to Closing.
  NETFRONT_REMOVE_HANG("netfront-remove-hang"),

  /// blkback leaves it to a ring's thread to clear the pointer to it. A thread that is stopped
  /// before it first ran does not, and the next disconnect stops a thread that is gone (XSA-350).
  STALE_BLOCK_THREAD("stale-block-thread"),

  /// A frontend's state changes are queued without a bound, so that a guest fills dom0's memory
  /// (XSA-349; `xenbus_watch.will_handle` came with its fix).
  STATE_FLOOD("state-flood");

  /// The parameter that names those a kernel has.
  public static final KernelParameter PARAMETER =
      new KernelParameter(
          "bugs",
          KernelParameter.Type.TEXT,
          "",
          "",
          "known faults to put back, with commas: " + names(),
          "xenemu");

  /// What the parameter belongs to on a command line: `kernel.bugs=...`.
  public static final String MODULE = "kernel";

  private final String label;

  KnownBug(String label) {
    this.label = label;
  }

  /// Returns its name in the parameter.
  public String label() {
    return label;
  }

  /// Returns every name, with commas.
  public static String names() {
    return Arrays.stream(values()).map(KnownBug::label).collect(Collectors.joining(", "));
  }

  /// Returns the bug of a name.
  public static Optional<KnownBug> ofLabel(String label) {
    return Arrays.stream(values()).filter(bug -> bug.label.equals(label)).findFirst();
  }

  /// Splits the parameter's value into names.
  public static List<String> split(String value) {
    return value.isBlank() ? List.of() : List.of(value.strip().split(" *, *"));
  }
}
