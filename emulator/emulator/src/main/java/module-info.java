/// The composition root as a library: Guice wires a whole dom0 with its guests.
///
/// The launcher, the scenarios and a user's own program start a dom0 with it.
module dev.xenbus.emulator {
  requires transitive dev.xenbus.hypervisor;
  requires transitive dev.xenbus.xenstored;
  requires transitive dev.xenbus.xenstore.client;
  requires transitive dev.xenbus.xenconsoled;
  requires transitive dev.xenbus.linux;
  requires transitive dev.xenbus.linux.shell;
  requires transitive dev.xenbus.probe.backend;
  requires transitive dev.xenbus.probe.frontend;
  requires transitive dev.xenbus.guest;
  requires transitive dev.xenbus.xl;
  requires com.google.guice;
  requires com.google.common;
  requires typesafe.config;
  requires jakarta.inject;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.emulator;

  uses dev.xenbus.linux.api.UserCommand;

  provides dev.xenbus.linux.api.UserCommand with
      dev.xenbus.emulator.command.PowerOff,
      dev.xenbus.emulator.command.Truncate;

  opens dev.xenbus.emulator to
      com.google.guice;
}
