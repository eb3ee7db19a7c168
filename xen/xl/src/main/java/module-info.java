/// The toolstack library and the `xl` command: `tools/libs/light`, `tools/xl`.
///
/// The emulator wires it; the console finds the command by [java.util.ServiceLoader].
module dev.xenbus.xl {
  requires transitive dev.xenbus.xenstore.client;
  requires transitive dev.xenbus.xenconsoled;
  requires transitive dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

// exports dev.xenbus.xl;
}
