/// The client library and the `xenstore-*` commands: `tools/libs/store`, `tools/xs-clients`.
///
/// The toolstack and the console require it.
module dev.xenbus.xenstore.client {
  requires transitive dev.xenbus.machine;
  requires transitive dev.xenbus.abi;
  requires dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.xenstore.client;
}
