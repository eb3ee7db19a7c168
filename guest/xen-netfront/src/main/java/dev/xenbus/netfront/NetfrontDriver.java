package dev.xenbus.netfront;

import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelParameter;
import java.util.List;

/// The network frontend driver, `xen_netfront`.
///
/// Mirrors `netfront_driver` (`drivers/net/xen-netfront.c`).
public final class NetfrontDriver implements FrontendDriver {
  /// Processors of an emulated guest: what `max_queues=0` stands for.
  private static final int CPUS = 1;

  private static final int QUEUES_LIMIT = 256;

  private static final List<KernelParameter> PARAMETERS =
      List.of(
          new KernelParameter(
              "max_queues",
              KernelParameter.Type.NUMBER,
              "" + CPUS,
              "queues",
              "Most queues of an interface; 0 for one for each processor.",
              "drivers/net/xen-netfront.c"),
          new KernelParameter(
              "trusted",
              KernelParameter.Type.FLAG,
              "1",
              "",
              "Trust backends; without, data is sent from pages of their own only.",
              "drivers/net/xen-netfront.c"));

  /// Makes the provider.
  public NetfrontDriver() {}

  @Override
  public String name() {
    return "xen_netfront";
  }

  @Override
  public String deviceType() {
    return "vif";
  }

  @Override
  public List<KernelParameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public Instance probe(XenbusDevice device, DriverContext context) throws KernelException {
    long queues = context.parameters().number("max_queues");
    int queuesMax = (int) Math.min(queues == 0 ? CPUS : queues, QUEUES_LIMIT);
    return NetfrontDevice.probe(device, context.kernel(), queuesMax);
  }
}
