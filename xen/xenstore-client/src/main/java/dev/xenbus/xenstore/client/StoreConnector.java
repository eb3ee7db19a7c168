package dev.xenbus.xenstore.client;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.Pipe;
import java.io.IOException;

/// The way to the store, with the rights of a domain: the socket of the daemon, which is offered to
/// commands as `context.service(StoreConnector.class)` where the daemon runs, or the kernel's
/// device.
@FunctionalInterface
public interface StoreConnector {
  /// The device through which processes of a domain reach the store.
  String DEVICE = "/dev/xen/xenbus";

  /// Returns the way through a kernel's [#DEVICE].
  static StoreConnector ofDevice(Kernel kernel) {
    return () -> new DevicePipe(kernel.files().open(DEVICE));
  }

  /// Opens a connection, with the rights of the domain that the caller runs in.
  ///
  /// @return the client's end; whoever asked closes it
  /// @throws IOException if the daemon does not take it, or there is no device
  Pipe connect() throws IOException;
}
