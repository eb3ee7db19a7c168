/// What the author of a split driver compiles against: `include/xen/xenbus.h`.
///
/// Every driver requires it, in the tree or out.
module dev.xenbus.api {
  requires transitive dev.xenbus.machine;
  requires transitive dev.xenbus.abi;
  requires transitive dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.api;
  exports dev.xenbus.api.spi;
}
