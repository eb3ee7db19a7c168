/// Two kernels on a hypervisor with a vbd between them, for the tests of both block drivers.
///
/// Tests require it; it knows the drivers by their interfaces alone.
module dev.xenbus.testkit.vbd {
  requires transitive dev.xenbus.api;
  requires transitive dev.xenbus.linux.api;
  requires transitive dev.xenbus.linux.block;
  requires dev.xenbus.hypervisor;
  requires dev.xenbus.linux.xen;
  requires static transitive com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.testkit.vbd;
}
