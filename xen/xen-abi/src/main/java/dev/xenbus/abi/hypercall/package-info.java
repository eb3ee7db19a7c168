/// What a domain may ask of Xen, and what a dom0 kernel offers its privileged processes.
///
/// Start with [Hypercalls] (a kernel's view) and [DomainControl] (the toolstack's).
@NullMarked
package dev.xenbus.abi.hypercall;

import org.jspecify.annotations.NullMarked;
