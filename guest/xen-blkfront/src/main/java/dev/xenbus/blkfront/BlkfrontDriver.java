package dev.xenbus.blkfront;

import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelParameter;
import java.util.List;

/// The block frontend (`blkfront_driver`, `drivers/block/xen-blkfront.c`).
public final class BlkfrontDriver implements FrontendDriver {
  /// Made by [java.util.ServiceLoader].
  public BlkfrontDriver() {}

  @Override
  public String name() {
    return "xen_blkfront";
  }

  @Override
  public String deviceType() {
    return "vbd";
  }

  @Override
  public List<KernelParameter> parameters() {
    return BlkfrontOptions.PARAMETERS;
  }

  @Override
  public Instance probe(XenbusDevice device, DriverContext context) throws KernelException {
    return Blkfront.probe(device, context);
  }
}
