/// The toolstack library and the `xl` command: `tools/libs/light`, `tools/xl`.
@NullMarked
package dev.xenbus.xl;

import org.jspecify.annotations.NullMarked;
