/// A kernel's network core: devices, bridge, and the little of ARP, IPv4, ICMP and TCP that a guest
/// needs.
///
/// Every emulated kernel has one.
module dev.xenbus.linux.net {
  requires transitive dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.linux.net;
}
