package dev.xenbus.netback;

import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelParameter;
import java.util.List;

/// The network backend driver, `xen_netback`.
///
/// Mirrors `netback_driver` (`drivers/net/xen-netback/xenbus.c`).
public final class NetbackDriver implements BackendDriver {
  /// Makes the provider.
  public NetbackDriver() {}

  @Override
  public String name() {
    return "xen_netback";
  }

  @Override
  public String deviceType() {
    return "vif";
  }

  @Override
  public List<KernelParameter> parameters() {
    return NetbackParameters.DECLARED;
  }

  @Override
  public boolean supportsMtwatch() {
    return true;
  }

  @Override
  public boolean allowsRebind() {
    return true;
  }

  @Override
  public Instance probe(XenbusDevice device, DriverContext context) throws KernelException {
    return NetbackDevice.probe(device, context);
  }
}
