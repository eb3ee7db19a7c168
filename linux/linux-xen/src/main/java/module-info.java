/// A kernel's view of Xen: its grant table and its event channels, `drivers/xen/grant-table.c` and
/// `drivers/xen/events`.
///
/// Every emulated kernel has one of each.
module dev.xenbus.linux.xen {
  requires transitive dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.linux.xen;
}
