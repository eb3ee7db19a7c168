/// Requests, the ring to the store, `xenwatch` and mtwatch: `xenbus_xs.c`, `xenbus_comms.c`.
///
/// The probe modules and the emulator require it.
module dev.xenbus.xs {
  requires transitive dev.xenbus.api;
  requires transitive dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.xs;
}
