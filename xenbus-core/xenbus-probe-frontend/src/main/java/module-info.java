/// The frontend bus, which loads frontend drivers: `xenbus_probe_frontend.c`.
///
/// The emulator requires it.
module dev.xenbus.probe.frontend {
  requires transitive dev.xenbus.probe;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.probe.frontend;

  uses dev.xenbus.api.spi.FrontendDriver;
}
