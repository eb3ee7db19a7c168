package dev.xenbus.scenarios;

import static dev.xenbus.scenarios.Dispatcher.SERIES;
import static dev.xenbus.scenarios.Dispatcher.SINGLE;

import dev.xenbus.linux.api.KnownBug;
import java.util.List;
import java.util.Optional;

/// The scenarios, in the order in which they are shown.
public final class ScenarioLibrary {
  private static final int GUESTS = 3;
  private static final int FLOOD = 30;
  private static final String HOLD_PROBE = "echo vif > /sys/kernel/xwstall/probe_hold";
  private static final String RELEASE_PROBE = "echo > /sys/kernel/xwstall/probe_hold";

  private static final List<Scenario> ALL =
      List.of(
          Scenario.of(
                  "stall",
                  "S1: a packet is held, its guest destroyed; others go on with mtwatch alone",
                  s -> s.stall(StallDemo.Kind.VIF))
              .with(SINGLE, SERIES),
          Scenario.of(
                  "stall-vbd",
                  "S2: storage hangs, its guest is destroyed; others go on with mtwatch alone",
                  s -> s.stall(StallDemo.Kind.VBD))
              .with(SINGLE, SERIES),
          Scenario.of(
                  "stall-both",
                  "S1 and S2 at once, in two guests; a third is created, used and destroyed",
                  ScenarioLibrary::stallBoth)
              .with(SERIES),
          Scenario.of(
                  "destroy-while-connecting",
                  "a guest is destroyed while its devices connect; nobody waits, nothing is left",
                  ScenarioLibrary::destroyWhileConnecting)
              .finding(KnownBug.CONNECT_DURING_DESTROY),
          Scenario.of(
                  "state-flood",
                  "XSA-349: a guest changes its state over and over while its thread is held",
                  ScenarioLibrary::stateFlood)
              .with(SERIES)
              .finding(KnownBug.STATE_FLOOD),
          Scenario.of(
                  "probe-held",
                  "MT-3, W5: the first probe of a guest hangs; the next guest does not notice",
                  ScenarioLibrary::probeHeld)
              .with(SERIES),
          Scenario.of(
              "many-at-once",
              "several guests are created at once, and destroyed at once",
              ScenarioLibrary::manyAtOnce),
          Scenario.of(
              "shutdown-all",
              "several guests are shut down at once, as at power-off",
              ScenarioLibrary::shutdownAll),
          Scenario.of(
              "backend-gone",
              "a backend's folder is removed by hand; the guest beside it carries data",
              ScenarioLibrary::backendGone),
          Scenario.of(
              "connected-twice",
              "a frontend publishes Connected again and again",
              ScenarioLibrary::connectedTwice),
          Scenario.of(
              "jumps-to-closed",
              "a frontend goes from Connected to Closed without Closing",
              ScenarioLibrary::jumpsToClosed),
          Scenario.of(
              "attach-detach",
              "a disk is attached to a running guest and detached again, twice",
              ScenarioLibrary::attachDetach),
          Scenario.of(
              "missing-image",
              "a guest's disk image is missing; its creation fails, and the next one works",
              ScenarioLibrary::missingImage),
          Scenario.of(
              "suspend",
              "a guest is checkpointed, saved, restored and migrated; then the machine sleeps",
              SuspendScenarios::suspend),
          Scenario.of(
                  "suspend-during-stall",
                  "S1 in one guest: another is suspended all the same; dom0 cannot, and says who",
                  SuspendScenarios::suspendDuringStall)
              .with(SINGLE, SERIES));

  private ScenarioLibrary() {}

  /// Returns all of them.
  public static List<Scenario> all() {
    return ALL;
  }

  /// Returns the one of a name.
  public static Optional<Scenario> named(String name) {
    return ALL.stream().filter(scenario -> scenario.name().equals(name)).findFirst();
  }

  private static void create(Script s, int number) {
    s.guest(number);
    s.quiet("xl create g" + number + ".cfg");
  }

  private static void stallBoth(Script s) {
    for (int number = 1; number <= 3; number++) {
      s.guest(number);
    }
    s.quiet("xl create g1.cfg");
    s.quiet("xl create g2.cfg");
    s.connected(1);
    s.connected(2);
    s.ok("echo 2.xvda-0 > /sys/kernel/xwstall/vbd_hold_bio");
    s.type("xl console 2 -c 'dd if=/dev/zero of=/dev/xvda bs=4k count=64 depth=32' &");
    s.ok("sleep 1");
    s.type("xl destroy 2");
    s.ok(HOLD_PROBE);
    s.type("xl network-attach 1 &");
    s.ok("sleep 1");
    s.type("xl destroy 1");
    double seconds = s.secondsOf(() -> s.quiet("xl create g3.cfg"));
    s.check("guest 3 is created at once", seconds < 2);
    s.connected(3);
    s.ok("xl console 3 -c 'ping -c 1 10.0.0.1'");
    s.quiet("xl destroy g3");
    s.ok(RELEASE_PROBE);
    s.ok("echo > /sys/kernel/xwstall/vbd_hold_bio");
    s.type("wait");
    s.within(15, "no guest is left", () -> s.dom0().domains().list().size() == 1);
  }

  private static void destroyWhileConnecting(Script s) {
    s.guest(1);
    for (int domid = 1; domid <= 3; domid++) {
      s.quiet("xl create g1.cfg");
      s.awaitNode("/local/domain/" + domid + "/device/vbd/51712/state", "3");
      s.quiet("xl destroy g1");
    }
    s.nothingLeft();
  }

  private static void stateFlood(Script s) {
    create(s, 1);
    s.connected(1);
    s.ok(HOLD_PROBE);
    s.type("xl network-attach 1 &");
    s.ok("sleep 1");
    for (int i = 0; i < FLOOD; i++) {
      s.ok("xenstore-write /local/domain/1/device/vif/0/state 4");
    }
    s.ok(RELEASE_PROBE);
    s.type("wait");
    s.ok("xl console 1 -c 'ping -c 1 10.0.0.1'");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  private static void probeHeld(Script s) {
    s.guest(1);
    s.guest(2);
    s.ok(HOLD_PROBE);
    s.type("xl create g1.cfg &");
    s.ok("sleep 1");
    double seconds = s.secondsOf(() -> s.quiet("xl create g2.cfg"));
    s.check("guest 2 is created at once", seconds < 2);
    s.connected(2);
    s.ok("xl console 2 -c 'ping -c 1 10.0.0.1'");
    s.quiet("xl destroy g2");
    s.ok(RELEASE_PROBE);
    s.type("wait");
    s.type("xl destroy g1");
    s.nothingLeft();
  }

  private static void manyAtOnce(Script s) {
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

  private static void shutdownAll(Script s) {
    for (int number = 1; number <= GUESTS; number++) {
      create(s, number);
    }
    s.ok("xl shutdown -a -w");
    s.within(5, "no guest is left", () -> s.dom0().domains().list().size() == 1);
    s.nothingLeft();
  }

  private static void backendGone(Script s) {
    create(s, 1);
    create(s, 2);
    s.connected(1);
    s.connected(2);
    s.ok("xenstore-rm /local/domain/0/backend/vif/1");
    s.ok("xl console 2 -c 'ping -c 1 10.0.0.1'");
    s.type("xl destroy g1");
    s.quiet("xl destroy g2");
    s.nothingLeft();
  }

  private static void connectedTwice(Script s) {
    create(s, 1);
    s.connected(1);
    for (int i = 0; i < 3; i++) {
      s.ok("xenstore-write /local/domain/1/device/vif/0/state 4");
      s.ok("xenstore-write /local/domain/1/device/vbd/51712/state 4");
    }
    s.ok("xl console 1 -c 'ping -c 1 10.0.0.1'");
    s.ok("xl console 1 -c 'dd if=/dev/xvda of=/dev/null bs=64k count=1'");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  private static void jumpsToClosed(Script s) {
    create(s, 1);
    s.connected(1);
    s.ok("xenstore-write /local/domain/1/device/vif/0/state 6");
    s.ok("xl console 1 -c 'dd if=/dev/xvda of=/dev/null bs=64k count=1'");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  private static void attachDetach(Script s) {
    create(s, 1);
    s.connected(1);
    s.ok("truncate -s 256K more.img");
    for (int i = 0; i < 2; i++) {
      s.quiet("xl block-attach 1 more.img,raw,xvdb,rw");
      s.within(5, "xvdb is there", () -> s.type("xl console 1 -c 'ls /dev'").contains("xvdb"));
      s.quiet("xl block-detach 1 xvdb");
    }
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  private static void missingImage(Script s) {
    s.guestWithoutImage(1);
    s.fails("xl create g1.cfg");
    s.nothingLeft();
    s.image(1);
    s.quiet("xl create g1.cfg");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }
}
