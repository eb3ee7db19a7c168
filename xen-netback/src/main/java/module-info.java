/// The network backend: `drivers/net/xen-netback`.
///
/// Nothing requires this module; the backend bus finds it through [java.util.ServiceLoader].
module dev.xenbus.netback {
  requires dev.xenbus.api;
  requires dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  provides dev.xenbus.api.spi.BackendDriver with
      dev.xenbus.netback.NetbackDriver;
}
