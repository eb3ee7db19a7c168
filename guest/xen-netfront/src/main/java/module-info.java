/// The network frontend: `drivers/net/xen-netfront.c`.
///
/// Nothing requires this module; the frontend bus finds it through [java.util.ServiceLoader].
module dev.xenbus.netfront {
  requires dev.xenbus.api;
  requires dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  provides dev.xenbus.api.spi.FrontendDriver with
      dev.xenbus.netfront.NetfrontDriver;
}
