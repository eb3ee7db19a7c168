/// The block backend: `drivers/block/xen-blkback`.
///
/// Nothing requires this module; the backend bus finds it through [java.util.ServiceLoader].
module dev.xenbus.blkback {
  requires dev.xenbus.api;
  requires dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  provides dev.xenbus.api.spi.BackendDriver with
      dev.xenbus.blkback.BlkbackDriver;
}
