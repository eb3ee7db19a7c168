/// Stand-ins for tests of any module: a kernel, a scripted store, grants and event channels.
///
/// Tests alone require it.
module dev.xenbus.testkit {
  requires transitive dev.xenbus.api;
  requires transitive dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.testkit;
}
