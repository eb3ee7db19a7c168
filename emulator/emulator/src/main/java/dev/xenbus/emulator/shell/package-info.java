/// The small shell of the dom0 console: words, quotes, braces, names of files, `>`, `|`, `&`, `;`,
/// `&&`, `||`, `$?`, `$!`, comments.
@NullMarked
package dev.xenbus.emulator.shell;

import org.jspecify.annotations.NullMarked;
