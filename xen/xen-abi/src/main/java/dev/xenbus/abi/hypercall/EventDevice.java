package dev.xenbus.abi.hypercall;

import dev.xenbus.abi.Domid;

/// Event channels for a process of dom0 (`/dev/xen/evtchn`, libxenevtchn).
public interface EventDevice {
  /// Binds to another domain's unbound port.
  ///
  /// @param onEvent called in interrupt context for each event: it must not sleep
  /// @return the local port
  int bindInterdomain(Domid remote, int remotePort, Runnable onEvent) throws HypercallException;

  /// Binds a virtual interrupt.
  ///
  /// @param onEvent called in interrupt context for each event: it must not sleep
  /// @return the local port
  int bindVirq(int virq, Runnable onEvent) throws HypercallException;

  /// Sends on a local port; never blocks.
  void notify(int port);

  /// Closes a local port and forgets its handler; of an unknown port: nothing.
  void unbind(int port);
}
