/// A guest's own small commands (`ping`, `dd`, ...) and services.
///
/// The emulator starts it in every guest; its commands are found by [java.util.ServiceLoader].
module dev.xenbus.guest {
  requires transitive dev.xenbus.linux.api;
  requires dev.xenbus.linux.shell;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.guest;

  provides dev.xenbus.linux.api.UserCommand with
      dev.xenbus.guest.command.Cmp,
      dev.xenbus.guest.command.Crash,
      dev.xenbus.guest.command.Dd,
      dev.xenbus.guest.command.Ping,
      dev.xenbus.guest.command.Poweroff,
      dev.xenbus.guest.command.Reboot,
      dev.xenbus.guest.command.Sha256sum;
}
