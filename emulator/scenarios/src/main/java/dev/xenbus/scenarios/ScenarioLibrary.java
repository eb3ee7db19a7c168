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
                  "stall-pgrant",
                  "S3: a page of a disk is kept, its guest destroyed; others go on with mtwatch alone",
                  s -> s.stall(StallDemo.Kind.PGRANT))
              .with(SINGLE, SERIES),
          Scenario.of(
                  "stalls-together",
                  "S1, S2 and S3 at once, in three guests; a fourth is created, used and destroyed",
                  StallScenarios::together)
              .with(SERIES),
          Scenario.of(
                  "stall-both",
                  "S1 and S2 at once, in two guests; a third is created, used and destroyed",
                  StallScenarios::both)
              .with(SERIES),
          Scenario.of(
                  "stall-created",
                  "S1, S2 and S3 in guests that have just been created; a fourth comes and goes",
                  StallScenarios::created)
              .with(SERIES),
          Scenario.of(
                  "stall-running",
                  "S1, S2 and S3 as devices are detached from guests that run on",
                  StallScenarios::running)
              .with(SERIES),
          Scenario.of(
                  "stall-saved",
                  "S1, S2 and S3 in guests that are saved; they are restored beside their zombies",
                  StallScenarios::saved)
              .with(SERIES),
          Scenario.of(
                  "domid-again",
                  "MT-3: a guest is restored under its domid while its thread is stuck",
                  DeviceScenarios::domidAgain)
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
              "backend-gone-probing",
              "a backend's folder is removed while its driver probes; the guest beside it is well",
              ScenarioLibrary::backendGoneProbing),
          Scenario.of(
              "connected-twice",
              "a frontend publishes Connected again and again",
              ScenarioLibrary::connectedTwice),
          Scenario.of(
              "jumps-to-closed",
              "a frontend goes from Connected to Closed without Closing",
              ScenarioLibrary::jumpsToClosed),
          Scenario.of(
                  "disconnect-twice",
                  "XSA-350: a frontend disconnects before its block thread first ran, and again",
                  ScenarioLibrary::disconnectTwice)
              .finding(KnownBug.STALE_BLOCK_THREAD),
          Scenario.of(
              "attach-detach",
              "a disk is attached to a running guest and detached again, twice",
              ScenarioLibrary::attachDetach),
          Scenario.of(
                  "unbind-while-destroyed",
                  "dom0's drivers are unbound from a guest's devices while the guest is destroyed",
                  ScenarioLibrary::unbindWhileDestroyed)
              .finding(KnownBug.UNREGISTER_DEADLOCK),
          Scenario.of(
              "bind-under-load",
              "a backend's driver is unbound and bound again while the guest writes to its disk",
              ScenarioLibrary::bindUnderLoad),
          Scenario.of(
                  "unbind-in-guest",
                  "a guest's network driver is unbound after its backend's; its backend is Closed at once",
                  ScenarioLibrary::unbindInGuest)
              .finding(KnownBug.NETFRONT_REMOVE_HANG),
          Scenario.of(
              "frontend-error",
              "a frontend writes an error and refuses to close; later it lets go",
              ScenarioLibrary::frontendError),
          Scenario.of(
              "created-again",
              "a vif is detached and attached again under the same path, twice",
              ScenarioLibrary::createdAgain),
          Scenario.of(
              "recreated-at-once",
              "C56: a vif is removed and made again in one transaction; it does not connect",
              DeviceScenarios::recreatedAtOnce),
          Scenario.of(
              "destroy-while-restarting",
              "a guest reboots and is destroyed while its new domain's devices connect",
              ScenarioLibrary::destroyWhileRestarting),
          Scenario.of(
              "script-slow",
              "a hotplug script takes its time; its device connects then, nobody else waits",
              DeviceScenarios::slowScript),
          Scenario.of(
              "script-hangs",
              "a hotplug script hangs and is killed; the guest is not created, the next one is",
              DeviceScenarios::hangingScript),
          Scenario.of(
              "script-too-early",
              "a hotplug script runs before there is an interface, and fails; later it works",
              DeviceScenarios::earlyScript),
          Scenario.of(
              "modprobe",
              "netback is loaded while guests exist: modprobe and the root watch probe one device",
              DeviceScenarios::modprobe),
          Scenario.of(
              "callback-waits",
              "a callback for one guest waits for the callback of another; series: at once",
              DeviceScenarios::callbackWaits),
          Scenario.of(
              "missing-image",
              "a guest's disk image is missing; its creation fails, and the next one works",
              ScenarioLibrary::missingImage),
          Scenario.of(
              "driver-domain",
              "two guests use disks and network of a driver domain; nothing is left in it",
              DriverDomainScenarios::serves),
          Scenario.of(
              "driver-domain-stall",
              "W13, MT-10: a packet is held in the driver domain; others go on with the series"
                  + " alone",
              DriverDomainScenarios::stall),
          Scenario.of(
              "driver-domain-destroyed",
              "a driver domain is destroyed under its guests; nobody else notices",
              DriverDomainScenarios::destroyed),
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

  private static void destroyWhileConnecting(Script s) {
    s.guest(1);
    for (int domid = 1; domid <= 3; domid++) {
      s.quiet("xl create g1.cfg");
      s.awaitNode("/local/domain/" + domid + "/device/vbd/51712/state", "3");
      s.quiet("xl destroy g1");
    }
    s.nothingLeft();
  }

  private static void destroyWhileRestarting(Script s) {
    create(s, 1);
    s.connected(1);
    s.ok("xl reboot g1");
    // xl's process for the guest destroys the old domain, waits two seconds, and makes a new one.
    s.awaitNode("/local/domain/2/device/vbd/51712/state", "3");
    s.quiet("xl destroy g1");
    s.check("no guest is left", s.dom0().domains().list().size() == 1);
    s.nothingLeft();
  }

  private static void stateFlood(Script s) {
    create(s, 1);
    s.connected(1);
    s.holdVifProbe();
    s.type("xl network-attach 1 &");
    s.ok("sleep 1");
    for (int i = 0; i < FLOOD; i++) {
      s.ok("xenstore-write /local/domain/1/device/vif/0/state 4");
    }
    s.releaseProbe();
    s.type("wait");
    s.ok("xl console 1 -c 'ping -c 1 10.0.0.1'");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  private static void probeHeld(Script s) {
    s.guest(1);
    s.guest(2);
    s.holdVifProbe();
    s.type("xl create g1.cfg &");
    s.ok("sleep 1");
    double seconds = s.secondsOf(() -> s.quiet("xl create g2.cfg"));
    s.check("guest 2 is created at once", seconds < 2);
    s.connected(2);
    s.ok("xl console 2 -c 'ping -c 1 10.0.0.1'");
    s.quiet("xl destroy g2");
    s.releaseProbe();
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

  private static void backendGoneProbing(Script s) {
    create(s, 1);
    s.connected(1);
    s.guest(2);
    s.type("xl create g2.cfg &");
    s.awaitNode("/local/domain/0/backend/vif/2/0/state", "1");
    s.ok("xenstore-rm /local/domain/0/backend/vif/2");
    // xl waits its ten seconds for a vif that will not come, or it has come just before.
    s.type("wait");
    s.ok("xl console 1 -c 'ping -c 1 10.0.0.1'");
    s.type("xl destroy g2");
    s.quiet("xl destroy g1");
    s.nothingLeftButLoopDevices();
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

  private static void disconnectTwice(Script s) {
    create(s, 2);
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

  private static void attachDetach(Script s) {
    create(s, 1);
    s.connected(1);
    s.ok("truncate -s 256K more.img");
    for (int i = 0; i < 2; i++) {
      s.quiet("xl block-attach 1 more.img,raw,xvdb,rw");
      s.within(5, "xvdb is there", () -> s.type("xl console 1 -c 'ls /dev'").contains("xvdb"));
      s.quiet("xl block-detach 1 xvdb");
      s.gone("vbd-1-51728");
    }
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  private static void unbindWhileDestroyed(Script s) {
    create(s, 1);
    create(s, 2);
    s.connected(1);
    s.connected(2);
    s.type("xl network-detach 1 0 &");
    s.awaitNode("/local/domain/1/device/vif/0/state", "6");
    s.type("echo vif-1-0 > /sys/bus/xen-backend/drivers/vif/unbind &");
    s.type("echo vbd-1-51712 > /sys/bus/xen-backend/drivers/vbd/unbind &");
    // A backend without a driver does not close: xl may wait its ten seconds and complain.
    s.type("xl destroy g1");
    s.type("wait");
    s.ok("xl console 2 -c 'ping -c 1 10.0.0.1'");
    s.quiet("xl destroy g2");
    s.nothingLeftButLoopDevices();
  }

  private static void bindUnderLoad(Script s) {
    create(s, 1);
    s.connected(1);
    s.type("xl console 1 -c 'dd if=/dev/zero of=/dev/xvda bs=512 count=512 depth=8' &");
    String written = "/sys/bus/xen-backend/devices/vbd-1-51712/statistics/wr_req";
    s.letRunUntil(() -> !s.file(written).equals("0"));
    for (int i = 0; i < 2; i++) {
      s.ok("echo vbd-1-51712 > /sys/bus/xen-backend/drivers/vbd/unbind");
      s.ok("echo vbd-1-51712 > /sys/bus/xen-backend/drivers/vbd/bind");
    }
    s.ok("wait %1");
    s.connected(1);
    s.check("the frontend has noticed nothing", s.isState("/local/domain/1/device/vbd/51712", 4));
    s.ok("xl console 1 -c 'ping -c 1 10.0.0.1'");
    s.ok("xl console 1 -c 'dd if=/dev/xvda of=/dev/null bs=4k count=16'");
    s.type("xl destroy g1");
    s.nothingLeftButLoopDevices();
  }

  private static void unbindInGuest(Script s) {
    create(s, 1);
    s.connected(1);
    // The backend is gone, and somebody cleans up behind it: it is Closed where the guest expects
    // Closing.
    s.ok("echo vif-1-0 > /sys/bus/xen-backend/drivers/vif/unbind");
    s.type("xl console 1 -c 'echo vif-0 > /sys/bus/xen/drivers/vif/unbind' &");
    s.awaitNode("/local/domain/1/device/vif/0/state", "5");
    s.ok("xenstore-write /local/domain/0/backend/vif/1/0/state 6");
    // netfront is not told of states any more when it is removed: it looks every five seconds.
    s.ok("sleep 11");
    s.check("netfront lets go in two rounds of five seconds", !s.waits("xennet_wait"));
    s.ok("xl console 1 -c 'dd if=/dev/xvda of=/dev/null bs=64k count=1'");
    // A backend without a driver does not close: xl may wait its ten seconds and complain.
    s.type("xl destroy g1");
    s.type("wait");
    s.nothingLeftButLoopDevices();
  }

  private static void frontendError(Script s) {
    create(s, 1);
    create(s, 2);
    s.connected(1);
    s.connected(2);
    // As if its driver were stuck: the state stays Connected whatever the backend does.
    s.ok("xl pause g1");
    s.ok("xenstore-write /local/domain/1/error/device/vif/0/error '12 cannot close'");
    double seconds = s.secondsOf(() -> s.type("xl network-detach 1 0"));
    s.check("xl waits for the frontend, and not for ever", seconds > 9 && seconds < 30);
    s.ok("xl console 2 -c 'ping -c 1 10.0.0.1'");
    s.ok("xl unpause g1");
    s.within(5, "the vif of guest 1 goes", () -> !s.exists("/local/domain/0/backend/vif/1/0"));
    s.ok("xl console 1 -c 'dd if=/dev/xvda of=/dev/null bs=64k count=1'");
    s.quiet("xl destroy g1");
    s.quiet("xl destroy g2");
    s.nothingLeft();
  }

  private static void createdAgain(Script s) {
    create(s, 1);
    s.connected(1);
    for (int i = 0; i < 2; i++) {
      s.quiet("xl network-detach 1 0");
      s.gone("vif-1-0");
      s.quiet("xl network-attach 1 mac=00:16:3e:00:00:01 bridge=xenbr0");
      s.connected(1);
    }
    s.ok("xl console 1 -c 'ping -c 1 10.0.0.1'");
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
