package dev.xenbus.api.spi;

import dev.xenbus.linux.api.KernelParameter;
import java.util.List;

/// What backend and frontend drivers declare alike (`struct xenbus_driver`). A provider is
/// stateless, has a public constructor without arguments, and serves many kernels; what has a life
/// is the instance that its `probe` returns.
public interface XenbusDriver {
  /// Returns the kernel module's name, such as `xen_netback`.
  String name();

  /// Returns the device type that it serves, such as `vif`; at most 31 characters.
  String deviceType();

  /// Returns the module's parameters.
  default List<KernelParameter> parameters() {
    return List.of();
  }
}
