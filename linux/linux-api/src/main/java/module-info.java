/// What a driver may use beside xenbus: pages, grants, event channels, net devices, block requests,
/// printk, sysfs.
///
/// Every driver requires it, in the tree or out.
module dev.xenbus.linux.api {
  requires transitive dev.xenbus.machine;
  requires transitive dev.xenbus.abi;
  requires static transitive com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.linux.api;
}
