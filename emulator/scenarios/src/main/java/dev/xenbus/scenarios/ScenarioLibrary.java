package dev.xenbus.scenarios;

import static dev.xenbus.scenarios.Dispatcher.SERIES;
import static dev.xenbus.scenarios.Dispatcher.SUMMIT;

import dev.xenbus.linux.api.KnownBug;
import java.util.List;
import java.util.Optional;

/// The scenarios, in the order in which they are shown.
public final class ScenarioLibrary {
  private static final List<Scenario> ALL =
      List.of(
          Scenario.of(
              "stall",
              "S1: a packet is held, its guest destroyed; others go on with mtwatch alone",
              s -> s.stall(StallDemo.Kind.VIF)),
          Scenario.of(
              "stall-vbd",
              "S2: storage hangs, its guest is destroyed; others go on with mtwatch alone",
              s -> s.stall(StallDemo.Kind.VBD)),
          Scenario.of(
              "stall-pgrant",
              "S3: a page of a disk is kept, its guest destroyed; others go on with mtwatch alone",
              s -> s.stall(StallDemo.Kind.PGRANT)),
          Scenario.of(
                  "stalls-together",
                  "S1, S2 and S3 at once, in three guests; a fourth is created, used and destroyed",
                  StallScenarios::together)
              .with(SERIES, SUMMIT),
          Scenario.of(
                  "stall-both",
                  "S1 and S2 at once, in two guests; a third is created, used and destroyed",
                  StallScenarios::both)
              .with(SERIES, SUMMIT),
          Scenario.of(
                  "stall-created",
                  "S1, S2 and S3 in guests that have just been created; a fourth comes and goes",
                  StallScenarios::created)
              .with(SERIES, SUMMIT),
          Scenario.of(
                  "stall-running",
                  "S1, S2 and S3 as devices are detached from guests that run on",
                  StallScenarios::running)
              .with(SERIES, SUMMIT),
          Scenario.of(
                  "stall-saved",
                  "S1, S2 and S3 in guests that are saved; they are restored beside their zombies",
                  StallScenarios::saved)
              .with(SERIES, SUMMIT),
          Scenario.of(
                  "domid-again",
                  "MT-3: a guest is restored under its domid while its thread is stuck",
                  DeviceScenarios::domidAgain)
              .with(SERIES, SUMMIT),
          Scenario.of(
                  "destroy-while-connecting",
                  "a guest is destroyed while its devices connect; nobody waits, nothing is left",
                  LifecycleScenarios::destroyWhileConnecting)
              .finding(KnownBug.CONNECT_DURING_DESTROY),
          Scenario.of(
                  "state-flood",
                  "XSA-349: a guest changes its state over and over while its thread is held",
                  FrontendScenarios::stateFlood)
              .with(SERIES, SUMMIT)
              .finding(KnownBug.STATE_FLOOD),
          Scenario.of(
                  "probe-held",
                  "MT-3, W5: the first probe of a guest hangs; the next guest does not notice",
                  BackendScenarios::probeHeld)
              .with(SERIES, SUMMIT),
          Scenario.of(
              "many-at-once",
              "several guests are created at once, and destroyed at once",
              LifecycleScenarios::manyAtOnce),
          Scenario.of(
              "shutdown-all",
              "several guests are shut down at once, as at power-off",
              LifecycleScenarios::shutdownAll),
          Scenario.of(
              "backend-gone",
              "a backend's folder is removed by hand; the guest beside it carries data",
              BackendScenarios::backendGone),
          Scenario.of(
              "backend-gone-probing",
              "a backend's folder is removed while its driver probes; the guest beside it is well",
              BackendScenarios::backendGoneProbing),
          Scenario.of(
              "connected-twice",
              "a frontend publishes Connected again and again",
              FrontendScenarios::connectedTwice),
          Scenario.of(
              "jumps-to-closed",
              "a frontend goes from Connected to Closed without Closing",
              FrontendScenarios::jumpsToClosed),
          Scenario.of(
                  "disconnect-twice",
                  "XSA-350: a frontend disconnects before its block thread first ran, and again",
                  FrontendScenarios::disconnectTwice)
              .finding(KnownBug.STALE_BLOCK_THREAD),
          Scenario.of(
              "attach-detach",
              "a disk is attached to a running guest and detached again, twice",
              BackendScenarios::attachDetach),
          Scenario.of(
                  "unbind-while-destroyed",
                  "dom0's drivers are unbound from a guest's devices while the guest is destroyed",
                  BackendScenarios::unbindWhileDestroyed)
              .finding(KnownBug.UNREGISTER_DEADLOCK),
          Scenario.of(
              "bind-under-load",
              "a backend's driver is unbound and bound again while the guest writes to its disk",
              BackendScenarios::bindUnderLoad),
          Scenario.of(
                  "unbind-in-guest",
                  "a guest's network driver is unbound after its backend's; its backend is Closed at once",
                  BackendScenarios::unbindInGuest)
              .finding(KnownBug.NETFRONT_REMOVE_HANG),
          Scenario.of(
              "frontend-error",
              "a frontend writes an error and refuses to close; later it lets go",
              FrontendScenarios::frontendError),
          Scenario.of(
              "created-again",
              "a vif is detached and attached again under the same path, twice",
              BackendScenarios::createdAgain),
          Scenario.of(
              "recreated-at-once",
              "C56: a vif is removed and made again in one transaction; it does not connect",
              DeviceScenarios::recreatedAtOnce),
          Scenario.of(
              "destroy-while-restarting",
              "a guest reboots and is destroyed while its new domain's devices connect",
              LifecycleScenarios::destroyWhileRestarting),
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
              LifecycleScenarios::missingImage),
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
              SuspendScenarios::suspendDuringStall));

  private ScenarioLibrary() {}

  /// Returns all of them.
  public static List<Scenario> all() {
    return ALL;
  }

  /// Returns the one of a name.
  public static Optional<Scenario> named(String name) {
    return ALL.stream().filter(scenario -> scenario.name().equals(name)).findFirst();
  }
}
