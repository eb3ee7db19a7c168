/// A guest's own small commands (`ping`, `dd`, ...) and services.
///
/// The emulator starts it in every guest; its commands are found by [java.util.ServiceLoader].
module dev.xenbus.guest {
  requires transitive dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

// exports dev.xenbus.guest;
}
