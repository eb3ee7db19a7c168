/// The bytes and numbers on which two ends that do not trust each other agree:
/// `xen/include/public`.
///
/// Everyone requires it; it requires nothing.
module dev.xenbus.abi {
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.abi;
  exports dev.xenbus.abi.xenstore;
  exports dev.xenbus.abi.io;
  exports dev.xenbus.abi.io.netif;
  exports dev.xenbus.abi.io.blkif;
  exports dev.xenbus.abi.hypercall;
}
