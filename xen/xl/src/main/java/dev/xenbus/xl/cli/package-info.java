/// The `xl` command, `tools/xl`, and the syntax of its files, `tools/libs/util`.
@NullMarked
package dev.xenbus.xl.cli;

import org.jspecify.annotations.NullMarked;
