/// A kernel's network core: devices, bridge, and the little of ARP, IPv4, ICMP and TCP that a guest
/// needs.
@NullMarked
package dev.xenbus.linux.net;

import org.jspecify.annotations.NullMarked;
