package dev.xenbus.scenarios;

/// What happens in the field when something is suspended.
final class SuspendScenarios {
  private static final String SLEEP = "echo mem > /sys/power/state";
  private static final String WAKE_ALARM = "/sys/class/rtc/rtc0/wakealarm";
  private static final int SLEEP_SECONDS = 3;
  private static final int FREEZE_SECONDS = 20;

  private SuspendScenarios() {}

  static void suspend(Script s) {
    s.guest(1);
    s.quiet("xl create g1.cfg");
    s.connected(1);
    s.calm("xl save -c g1 g1.chk");
    works(s, 1);
    s.fails("xl restore g1.chk");
    s.calm("xl save g1 g1.save");
    s.within(5, "guest 1 is gone", () -> s.dom0().domains().list().size() == 1);
    s.calm("xl restore g1.save");
    s.fails("xl restore g1.save");
    works(s, 2);
    s.calm("xl migrate g1 localhost");
    works(s, 3);
    s.check("it has its name again", s.ok("xl domid g1").strip().equals("3"));
    sleepWell(s);
    works(s, 3);
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  /// Expects that the guest that booted as number 1 runs and that both of its devices carry data.
  private static void works(Script s, int domid) {
    s.connected(domid);
    String console = "xl console " + domid + " -c ";
    s.check("it is the same kernel", s.ok(console + "hostname").contains("guest1"));
    s.ok(console + "'ping -c 1 10.0.0.1'");
    s.ok(console + "'dd if=/dev/zero of=/dev/xvda bs=4k count=4'");
    s.ok(console + "'dd if=/dev/xvda of=/dev/null bs=4k count=4'");
  }

  private static void sleepWell(Script s) {
    s.ok("echo +" + SLEEP_SECONDS + " > " + WAKE_ALARM);
    double seconds = s.secondsOf(() -> s.ok(SLEEP));
    s.check(
        "the machine sleeps until the alarm, not longer (" + seconds + " s)",
        seconds >= SLEEP_SECONDS - 1 && seconds < 2 * SLEEP_SECONDS);
  }

  static void suspendDuringStall(Script s) {
    s.guestWithTraffic(1);
    s.guest(2);
    s.quiet("xl create g1.cfg");
    s.quiet("xl create g2.cfg");
    s.connected(1);
    s.connected(2);
    s.ok("echo vif1.0 > /sys/kernel/xwstall/vifname");
    s.ok("echo 1 > /sys/kernel/xwstall/eavesdrop");
    s.within(10, "a packet is held", () -> s.type("dmesg").contains("xwstall: hold sk_buff"));
    s.ok("xl destroy 1"); // with its time-out, and two lines of errors
    s.calm("xl save -c g2 g2.chk");
    s.pings("g2");
    if (s.mtwatch()) {
      saveAndRestoreAtOnce(s);
    }
    refusesToSleep(s);
    s.ok("echo 0 > /sys/kernel/xwstall/eavesdrop");
    s.within(5, "guest 1 is gone", () -> s.dom0().domains().list().size() == 2);
    sleepWell(s);
    s.pings("g2");
    s.quiet("xl destroy g2");
    s.nothingLeft();
  }

  private static void saveAndRestoreAtOnce(Script s) {
    double seconds =
        s.secondsOf(
            () -> {
              s.calm("xl save g2 g2.save");
              s.calm("xl restore g2.save");
            });
    s.check("guest 2 is saved and restored at once (" + seconds + " s)", seconds < 2);
    s.connected(3);
    s.pings("g2");
  }

  private static void refusesToSleep(Script s) {
    double seconds = s.secondsOf(() -> s.fails(SLEEP));
    s.check(
        "dom0 gives up after the freezer's 20 s (" + seconds + " s)",
        seconds >= FREEZE_SECONDS && seconds < FREEZE_SECONDS + 1);
    String thread = s.mtwatch() ? "xen-mtwatch-1" : "xenwatch";
    s.check(
        "and names the thread",
        s.type("dmesg").lines().anyMatch(line -> line.endsWith("wq_busy=0): " + thread)));
  }
}
