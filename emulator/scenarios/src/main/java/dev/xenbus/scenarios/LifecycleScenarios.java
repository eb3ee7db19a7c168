package dev.xenbus.scenarios;

/// Guests that come and go: at once, all together, while they start.
final class LifecycleScenarios {
  private static final int GUESTS = 3;

  private LifecycleScenarios() {}

  static void destroyWhileConnecting(Script s) {
    s.guest(1);
    for (int domid = 1; domid <= 3; domid++) {
      s.quiet("xl create g1.cfg");
      s.awaitNode("/local/domain/" + domid + "/device/vbd/51712/state", "3");
      s.quiet("xl destroy g1");
    }
    s.nothingLeft();
  }

  static void destroyWhileRestarting(Script s) {
    s.boot(1);
    s.ok("xl reboot g1");
    // xl's process for the guest destroys the old domain, waits two seconds, and makes a new one.
    s.awaitNode("/local/domain/2/device/vbd/51712/state", "3");
    s.quiet("xl destroy g1");
    s.check("no guest is left", s.dom0().domains().list().size() == 1);
    s.nothingLeft();
  }

  static void manyAtOnce(Script s) {
    for (int number = 1; number <= GUESTS; number++) {
      s.guest(number);
    }
    for (int number = 1; number <= GUESTS; number++) {
      s.type("xl create g" + number + ".cfg &");
    }
    s.type("wait");
    for (int domid = 1; domid <= GUESTS; domid++) {
      s.connected(domid);
    }
    for (int number = 1; number <= GUESTS; number++) {
      s.type("xl destroy g" + number + " &");
    }
    s.type("wait");
    s.nothingLeft();
  }

  static void shutdownAll(Script s) {
    for (int number = 1; number <= GUESTS; number++) {
      s.create(number);
    }
    s.ok("xl shutdown -a -w");
    s.within(5, "no guest is left", () -> s.dom0().domains().list().size() == 1);
    s.nothingLeft();
  }

  static void missingImage(Script s) {
    s.guestWithoutImage(1);
    s.fails("xl create g1.cfg");
    s.nothingLeft();
    s.image(1);
    s.quiet("xl create g1.cfg");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }
}
