/// The `xenstore-*` commands (`tools/xs-clients`), with the output of the real ones.
@NullMarked
package dev.xenbus.xenstore.client.command;

import org.jspecify.annotations.NullMarked;
