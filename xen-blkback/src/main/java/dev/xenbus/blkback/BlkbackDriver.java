package dev.xenbus.blkback;

import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelParameter;
import java.util.List;

/// The block backend (`xen_blkbk_driver`, `drivers/block/xen-blkback/xenbus.c`).
public final class BlkbackDriver implements BackendDriver {
  /// Made by [java.util.ServiceLoader].
  public BlkbackDriver() {}

  @Override
  public String name() {
    return "xen_blkback";
  }

  @Override
  public String deviceType() {
    return "vbd";
  }

  @Override
  public List<KernelParameter> parameters() {
    return BlkbackOptions.PARAMETERS;
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
    return Backend.probe(device, context);
  }
}
