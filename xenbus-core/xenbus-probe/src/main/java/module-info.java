/// What both buses share, and the client helpers: `xenbus_probe.c`, `xenbus_client.c`.
///
/// The two buses and the emulator require it.
@SuppressWarnings("module") // those that it is exported to are compiled later
module dev.xenbus.probe {
  requires transitive dev.xenbus.xs;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.probe to
      dev.xenbus.probe.backend,
      dev.xenbus.probe.frontend,
      dev.xenbus.emulator;
}
