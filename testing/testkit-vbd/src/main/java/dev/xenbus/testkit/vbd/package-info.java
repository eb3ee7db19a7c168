/// Two kernels, a store and a hypervisor in miniature, on which the block drivers run in tests:
/// just enough of each, over real rings and on a machine of either kind.
@NullMarked
package dev.xenbus.testkit.vbd;

import org.jspecify.annotations.NullMarked;
