/// The client library of the store, and the `xenstore-*` commands: `tools/libs/store`,
/// `tools/xs-clients`.
///
/// Start at [XenstoreClient]; what a request in or outside of a transaction can do is
/// [StoreOperations].
@NullMarked
package dev.xenbus.xenstore.client;

import org.jspecify.annotations.NullMarked;
