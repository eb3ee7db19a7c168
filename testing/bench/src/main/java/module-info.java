/// The macro benchmarks: load on a XenStore server from outside, beside other servers and beside
/// what the machine allows.
///
/// The launcher's command `bench` runs them.
module dev.xenbus.bench {
  requires transitive dev.xenbus.emulator;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.bench;
}
