/// A guest's own small commands (`ping`, `dd`, ...) and services.
@NullMarked
package dev.xenbus.guest;

import org.jspecify.annotations.NullMarked;
