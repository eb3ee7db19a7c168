package dev.xenbus.probe.frontend;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xs.XenbusXs;

/// Brings devices that an earlier kernel of the same domain left behind (kexec, kdump) back to
/// where
/// they can be probed: frontend Initialising, backend InitWait. Mirrors `xenbus_reset_state`,
/// `xenbus_check_frontend` and `xenbus_reset_frontend`
/// (`drivers/xen/xenbus/xenbus_probe_frontend.c`).
///
/// Threads: not the one that runs watch callbacks, since it waits for them.
final class FrontendReset {
  /// How long each step waits for the backend.
  private static final long STEP_NANOS = 5_000_000_000L;

  private static final String ROOT = "device";
  private static final String LOG = "xenbus_probe_frontend: ";

  private final Kernel kernel;
  private final XenbusXs xs;
  private final WaitQueue backendWait;

  /// Written by the watch's callback (`backend_state`).
  private volatile XenbusState backendState = XenbusState.UNKNOWN;

  FrontendReset(Kernel kernel, XenbusXs xs) {
    this.kernel = kernel;
    this.xs = xs;
    backendWait = kernel.cpu().waitQueue("xenbus_reset_wait_for_backend");
  }

  /// Resets each device that is Connected or Closed; what cannot be read is left alone.
  @KernelSymbol("xenbus_reset_state")
  void run() {
    try {
      for (String type : xs.directory(XenbusTransaction.NONE, ROOT, "")) {
        for (String id : xs.directory(XenbusTransaction.NONE, ROOT, type)) {
          check(ROOT + "/" + type + "/" + id);
        }
      }
    } catch (XenstoreException _) {
      // Usual: a guest without devices has no folder.
    }
  }

  @KernelSymbol("xenbus_check_frontend")
  private void check(String frontend) {
    XenbusState state = xs.readDriverState(frontend);
    if (state != XenbusState.CONNECTED && state != XenbusState.CLOSED) {
      return;
    }
    try {
      String backend = xs.read(XenbusTransaction.NONE, frontend, "backend");
      reset(frontend, backend, xs.readDriverState(backend));
    } catch (XenstoreException e) {
      kernel.printk().warn(LOG + "cannot reset " + frontend + ": " + e.getMessage());
    }
  }

  @KernelSymbol("xenbus_reset_frontend")
  private void reset(String frontend, String backend, XenbusState from) throws XenstoreException {
    kernel.printk().info(LOG + "triggering reconnect on " + backend);
    backendState = XenbusState.UNKNOWN;
    try (XenbusWatch watch = xs.watch(backend + "/state", path -> backendChanged(backend))) {
      if (from == XenbusState.CONNECTED) {
        step(frontend, XenbusState.CLOSING, backend, XenbusState.CLOSING);
      }
      if (from == XenbusState.CONNECTED || from == XenbusState.CLOSING) {
        step(frontend, XenbusState.CLOSED, backend, XenbusState.CLOSED);
      }
      if (from == XenbusState.CONNECTED
          || from == XenbusState.CLOSING
          || from == XenbusState.CLOSED) {
        step(frontend, XenbusState.INITIALISING, backend, XenbusState.INIT_WAIT);
      }
      kernel.cpu().machine().trace().emit("frontend_reset", 0, from.code(), watch.path());
    }
    kernel.printk().info(LOG + "reconnect done on " + backend);
  }

  private void backendChanged(String backend) {
    backendState = xs.readDriverState(backend);
    backendWait.wakeAll();
  }

  private void step(String frontend, XenbusState publish, String backend, XenbusState expected)
      throws XenstoreException {
    xs.write(XenbusTransaction.NONE, frontend, "state", Integer.toString(publish.code()));
    if (backendWait.await(Task.State.S, STEP_NANOS, () -> backendState == expected)
        == WaitQueue.Wake.TIMEOUT) {
      kernel.printk().info(LOG + "backend " + backend + " timed out");
    }
  }
}
