/// The bytes and numbers on which two ends that do not trust each other agree:
/// `xen/include/public`.
@NullMarked
package dev.xenbus.abi;

import org.jspecify.annotations.NullMarked;
