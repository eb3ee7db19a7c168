/// The XenStore daemon: a pure store with a thin rim, `tools/xenstored`.
@NullMarked
package dev.xenbus.xenstored;

import org.jspecify.annotations.NullMarked;
