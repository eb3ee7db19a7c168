package dev.xenbus.probe;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.StateFact;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.KnownBug;
import dev.xenbus.machine.Trace;
import dev.xenbus.xs.ScanNumber;
import dev.xenbus.xs.XenbusXs;
import java.util.OptionalLong;

/// Publishes a device's state. Mirrors `__xenbus_switch_state`.
///
/// | the store | store after | cache after |
/// |---|---|---|
/// | has some state | the new one | the new one |
/// | has no state node: the device is being torn down | unchanged | the new one |
/// | was set to Initialising behind our back | unchanged | unchanged |
/// | belongs to another device by now | unchanged | unchanged |
/// | a backend that the toolstack takes away opens, see below | unchanged | the new one |
///
/// Differs: a real backend that is just connecting publishes Connected over the toolstack's
/// Closing, and the removal then waits for its time-out ([KnownBug#CONNECT_DURING_DESTROY]).
final class StateSwitch {
  /// Attempts against conflicting transactions. Differs: the real kernel has no bound.
  private static final int ATTEMPTS_MAX = 100_000;

  private final BusDevice device;

  StateSwitch(BusDevice device) {
    this.device = device;
  }

  /// Publishes a state.
  ///
  /// @throws IllegalArgumentException if it is INVALID, which has no number
  void to(XenbusState state) {
    if (state == XenbusState.INVALID) {
      throw new IllegalArgumentException(device + ": INVALID is no state to publish");
    }
    to(state, 0);
  }

  private void to(XenbusState state, int depth) {
    XenbusXs xs = device.bus().xs();
    for (int attempt = 1; ; attempt++) {
      if (state == device.state() || device.hasVanished()) {
        return;
      }
      XenbusTransaction tx;
      try {
        tx = xs.startTransaction();
      } catch (XenstoreException e) {
        fatal(depth, e.errno(), "starting transaction");
        return;
      }
      boolean abort = false;
      boolean isReset = false;
      OptionalLong stored = readState(tx);
      if (stored.isEmpty()) {
        abort = true;
      } else if (stored.getAsLong() != device.state().code()
          && stored.getAsLong() == XenbusState.INITIALISING.code()) {
        isReset = true;
        abort = true;
      } else if (isOpening(state) && isTakenAway(tx, stored.getAsLong())) {
        abort = true;
      } else {
        try {
          xs.write(tx, device.nodePath(), "state", Integer.toString(state.code()));
        } catch (XenstoreException e) {
          fatal(depth, e.errno(), "writing new state");
          abort = true;
        }
      }
      try {
        xs.endTransaction(tx, abort);
        tell(abort ? "device_state_kept" : "device_state", state);
        if (!isReset) {
          device.cacheState(state);
        }
        return;
      } catch (XenstoreException e) {
        if (e.errno() != Errno.EAGAIN || abort || attempt == ATTEMPTS_MAX) {
          fatal(depth, e.errno(), "ending transaction");
          return;
        }
      }
    }
  }

  private void tell(String point, XenbusState state) {
    Trace trace = device.bus().kernel().cpu().machine().trace();
    if (trace.isHeard()) {
      StateFact fact =
          new StateFact(
              device.bus().kernel().domid(),
              device.bus().type().isBackend(),
              device.binding().isProbing(),
              device.deviceType(),
              device.nodePath(),
              device.state(),
              state);
      trace.emit(point, fact.from().code(), fact.to().code(), fact);
    }
  }

  private static boolean isOpening(XenbusState state) {
    return switch (state) {
      case INIT_WAIT, INITIALISED, CONNECTED -> true;
      default -> false;
    };
  }

  /// Returns whether the toolstack has asked this backend to close for good: it writes `online`
  /// first, and both in one transaction.
  private boolean isTakenAway(XenbusTransaction tx, long stored) {
    if (!device.bus().type().isBackend()
        || stored != XenbusState.CLOSING.code()
        || device.state() == XenbusState.CLOSING
        || device.bus().kernel().hasBug(KnownBug.CONNECT_DURING_DESTROY)) {
      return false;
    }
    try {
      return device.bus().xs().read(tx, device.nodePath(), "online").strip().equals("0");
    } catch (XenstoreException _) {
      return false;
    }
  }

  private OptionalLong readState(XenbusTransaction tx) {
    try {
      return ScanNumber.decimal(device.bus().xs().read(tx, device.nodePath(), "state"));
    } catch (XenstoreException _) {
      return OptionalLong.empty();
    }
  }

  /// Mirrors `xenbus_switch_fatal`: one attempt to publish Closing at least.
  private void fatal(int depth, Errno errno, String message) {
    device.reportError(errno, message);
    if (depth == 0) {
      to(XenbusState.CLOSING, 1);
    }
  }
}
