/// The backend bus, which loads backend drivers: `xenbus_probe_backend.c`.
///
/// The emulator requires it.
module dev.xenbus.probe.backend {
  requires transitive dev.xenbus.probe;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.probe.backend;

  uses dev.xenbus.api.spi.BackendDriver;
}
