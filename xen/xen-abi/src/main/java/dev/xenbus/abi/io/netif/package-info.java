/// Network interfaces: the layouts of `xen/include/public/io/netif.h`.
///
/// "tx" is what the guest sends, "rx" what it receives. A tx ring has slots of 12 bytes, an rx ring
/// of 8, a control ring of 16; start reading at [dev.xenbus.abi.io.netif.TxRequestLayout].
@NullMarked
package dev.xenbus.abi.io.netif;

import org.jspecify.annotations.NullMarked;
