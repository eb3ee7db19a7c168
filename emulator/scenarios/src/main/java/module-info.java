/// The library of scenarios: what happened in the field, as programs.
///
/// The launcher and the system tests run them.
module dev.xenbus.scenarios {
  requires transitive dev.xenbus.emulator;
  requires dev.xenbus.xs;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.scenarios;

  provides dev.xenbus.linux.api.UserCommand with
      dev.xenbus.scenarios.command.ScenarioCommand;
}
