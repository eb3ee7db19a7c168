/// One kernel instance, dom0's or a guest's: parameters, printk, /proc, /sys, modules, hung tasks,
/// the stall injector.
///
/// The emulator makes one for each domain.
module dev.xenbus.linux {
  requires transitive dev.xenbus.linux.api;
  requires transitive dev.xenbus.linux.xen;
  requires transitive dev.xenbus.linux.net;
  requires transitive dev.xenbus.linux.block;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.linux;
}
