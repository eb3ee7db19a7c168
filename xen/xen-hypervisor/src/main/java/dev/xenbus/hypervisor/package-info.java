/// Domains, pages, grant tables and event channels: `xen/common`.
@NullMarked
package dev.xenbus.hypervisor;

import org.jspecify.annotations.NullMarked;
