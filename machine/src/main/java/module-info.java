/// The ground: threads, locks, time and randomness, live or simulated.
///
/// Everything that is emulated requires this module and takes these four things from it alone.
module dev.xenbus.machine {
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.machine;
}
