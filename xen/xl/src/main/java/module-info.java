/// The toolstack library and the `xl` command: `tools/libs/light`, `tools/xl`.
///
/// The emulator wires it; the console finds the command by [java.util.ServiceLoader].
module dev.xenbus.xl {
  requires transitive dev.xenbus.xenconsoled;
  requires transitive dev.xenbus.linux.api;
  requires transitive dev.xenbus.xenstore.client;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.xl;

  provides dev.xenbus.linux.api.UserCommand with
      dev.xenbus.xl.cli.XlCommand;
}
