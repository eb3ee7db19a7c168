package dev.xenbus.scenarios;

/// Frontends that publish what no driver would, or that fail.
final class FrontendScenarios {
  private static final int FLOOD = 30;

  private FrontendScenarios() {}

  static void stateFlood(Script s) {
    s.boot(1);
    s.holdVifProbe();
    s.type("xl network-attach 1 &");
    s.ok("sleep 1");
    for (int i = 0; i < FLOOD; i++) {
      s.ok("xenstore-write /local/domain/1/device/vif/0/state 4");
    }
    s.releaseProbe();
    s.type("wait");
    s.pings("g1");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  static void connectedTwice(Script s) {
    s.boot(1);
    for (int i = 0; i < 3; i++) {
      s.ok("xenstore-write /local/domain/1/device/vif/0/state 4");
      s.ok("xenstore-write /local/domain/1/device/vbd/51712/state 4");
    }
    s.pings("g1");
    s.readsDisk("g1");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  static void jumpsToClosed(Script s) {
    s.boot(1);
    s.ok("xenstore-write /local/domain/1/device/vif/0/state 6");
    s.readsDisk("g1");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  static void disconnectTwice(Script s) {
    s.create(2);
    s.guest(1);
    s.type("xl create g1.cfg &");
    s.awaitNode("/local/domain/0/backend/vbd/2/51712/state", "4");
    s.ok("xenstore-write /local/domain/2/device/vbd/51712/state 6");
    s.ok("xenstore-write /local/domain/2/device/vbd/51712/state 3");
    s.ok("xenstore-write /local/domain/2/device/vbd/51712/state 6");
    s.type("wait");
    s.type("xl destroy g2");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  static void frontendError(Script s) {
    s.create(1);
    s.create(2);
    s.connected(1);
    s.connected(2);
    // As if its driver were stuck: the state stays Connected whatever the backend does.
    s.ok("xl pause g1");
    s.ok("xenstore-write /local/domain/1/error/device/vif/0/error '12 cannot close'");
    double seconds = s.secondsOf(() -> s.type("xl network-detach 1 0"));
    s.check("xl waits for the frontend, and not for ever", seconds > 9 && seconds < 30);
    s.pings("g2");
    s.ok("xl unpause g1");
    s.within(5, "the vif of guest 1 goes", () -> !s.exists("/local/domain/0/backend/vif/1/0"));
    s.readsDisk("g1");
    s.quiet("xl destroy g1");
    s.quiet("xl destroy g2");
    s.nothingLeft();
  }
}
