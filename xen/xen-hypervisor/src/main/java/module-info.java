/// Domains, pages, grant tables and event channels: `xen/common`.
///
/// The emulator alone requires it; everyone else sees the interfaces of `dev.xenbus.abi.hypercall`.
module dev.xenbus.hypervisor {
  requires transitive dev.xenbus.machine;
  requires transitive dev.xenbus.abi;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.hypervisor;
}
