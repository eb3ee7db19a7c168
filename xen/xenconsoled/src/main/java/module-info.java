/// The console daemon: serves the console rings of the guests, `tools/console`.
///
/// The emulator starts it; `xl console` attaches to it.
module dev.xenbus.xenconsoled {
  requires transitive dev.xenbus.machine;
  requires transitive dev.xenbus.abi;
  requires dev.xenbus.xenstore.client;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.xenconsoled;
}
