/// One kernel instance, dom0's or a guest's: parameters, printk, /proc, /sys, modules, hung tasks,
/// the stall injector.
///
/// The emulator makes one for each domain.
module dev.xenbus.linux {
  requires transitive dev.xenbus.linux.api;
  requires transitive dev.xenbus.linux.xen;
  requires transitive dev.xenbus.linux.net;
  requires transitive dev.xenbus.linux.block;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.linux;

  provides dev.xenbus.linux.api.UserCommand with
      dev.xenbus.linux.command.Brctl,
      dev.xenbus.linux.command.Cat,
      dev.xenbus.linux.command.Dmesg,
      dev.xenbus.linux.command.Ethtool,
      dev.xenbus.linux.command.False,
      dev.xenbus.linux.command.Hostname,
      dev.xenbus.linux.command.Ip,
      dev.xenbus.linux.command.Ls,
      dev.xenbus.linux.command.Lsmod,
      dev.xenbus.linux.command.Modprobe,
      dev.xenbus.linux.command.Ps,
      dev.xenbus.linux.command.Rmmod,
      dev.xenbus.linux.command.Sleep,
      dev.xenbus.linux.command.True,
      dev.xenbus.linux.command.Uname,
      dev.xenbus.linux.command.Uptime;
}
