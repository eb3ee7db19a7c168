/// A kernel's block core: disks, request tags, loop devices over image files.
///
/// Every emulated kernel has one.
module dev.xenbus.linux.block {
  requires transitive dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.linux.block;
}
