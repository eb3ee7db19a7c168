/// The small shell of a console, dom0's or a guest's: words, quotes, braces, names of files, `>`,
/// `|`, `&`, `;`, `&&`, `||`, `$?`, `$!`, comments.
@NullMarked
package dev.xenbus.linux.shell;

import org.jspecify.annotations.NullMarked;
