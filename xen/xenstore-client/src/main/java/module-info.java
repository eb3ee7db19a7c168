/// The client library and the `xenstore-*` commands: `tools/libs/store`, `tools/xs-clients`.
///
/// The toolstack and the console require it.
module dev.xenbus.xenstore.client {
  requires transitive dev.xenbus.machine;
  requires transitive dev.xenbus.abi;
  requires transitive dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.xenstore.client;

  provides dev.xenbus.linux.api.UserCommand with
      dev.xenbus.xenstore.client.command.XenstoreChmod,
      dev.xenbus.xenstore.client.command.XenstoreControl,
      dev.xenbus.xenstore.client.command.XenstoreExists,
      dev.xenbus.xenstore.client.command.XenstoreList,
      dev.xenbus.xenstore.client.command.XenstoreLs,
      dev.xenbus.xenstore.client.command.XenstoreRead,
      dev.xenbus.xenstore.client.command.XenstoreRm,
      dev.xenbus.xenstore.client.command.XenstoreWatch,
      dev.xenbus.xenstore.client.command.XenstoreWrite;
}
