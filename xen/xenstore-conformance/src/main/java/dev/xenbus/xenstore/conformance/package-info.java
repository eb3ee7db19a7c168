/// Facts about a XenStore server as scripts, and what runs them.
///
/// Start with [StoreScript], which says what a script looks like, then [ScriptRunner].
@NullMarked
package dev.xenbus.xenstore.conformance;

import org.jspecify.annotations.NullMarked;
