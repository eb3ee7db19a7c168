/// The client library and the `xenstore-*` commands: `tools/libs/store`, `tools/xs-clients`.
@NullMarked
package dev.xenbus.xenstore.client;

import org.jspecify.annotations.NullMarked;
