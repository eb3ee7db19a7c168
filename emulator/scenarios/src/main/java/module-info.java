/// The library of scenarios: what happened in the field, as programs.
///
/// The launcher and the system tests run them.
module dev.xenbus.scenarios {
  requires transitive dev.xenbus.emulator;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.scenarios;
}
