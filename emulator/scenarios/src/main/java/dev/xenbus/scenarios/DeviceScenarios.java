package dev.xenbus.scenarios;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.Xenbus.WatchCallback;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.machine.Completion;

/// What happens in the field around a device: its hotplug script, its driver's module, its path,
/// its guest's domid.
final class DeviceScenarios {
  private static final int SCRIPT_SECONDS = 40;
  private static final int REUSE_SECONDS = 60;
  private static final long CALLBACK_NANOS = 5_000_000_000L;

  private DeviceScenarios() {}

  private static boolean is(Script s, String node, String value) {
    return s.type("xenstore-read " + node).strip().equals(value);
  }

  static void slowScript(Script s) {
    s.boot(1);
    s.ok("echo vif-bridge > /sys/kernel/xwstall/script_hold");
    s.type("xl network-attach 1 bridge=xenbr0 &");
    s.within(5, "its script is slow", () -> s.logged("xwstall: hold script of vif-bridge"));
    s.within(
        5, "the interface waits for it", () -> is(s, "/local/domain/0/backend/vif/1/1/state", "2"));
    s.guest(2);
    double seconds = s.secondsOf(() -> s.quiet("xl create g2.cfg"));
    s.check("guest 2 is created at once", seconds < 2);
    s.connected(2);
    s.ok("sleep 5");
    s.check("it still waits", is(s, "/local/domain/0/backend/vif/1/1/state", "2"));
    s.ok("echo > /sys/kernel/xwstall/script_hold");
    s.type("wait");
    s.within(5, "it connects", () -> is(s, "/local/domain/0/backend/vif/1/1/state", "4"));
    s.pings("g1");
    s.quiet("xl destroy g1");
    s.quiet("xl destroy g2");
    s.nothingLeft();
  }

  static void hangingScript(Script s) {
    s.boot(1);
    s.guest(2);
    s.ok("echo block > /sys/kernel/xwstall/script_hold");
    double seconds =
        s.secondsOf(
            () ->
                s.check(
                    "xl kills the script",
                    s.fails("xl create g2.cfg")
                        .contains(
                            "killing execution of /etc/xen/scripts/block add because of timeout")));
    s.check("after its 40 s", seconds >= SCRIPT_SECONDS && seconds < SCRIPT_SECONDS + 2);
    s.pings("g1");
    s.quiet("xl create g2.cfg");
    s.readsDisk("g2");
    s.quiet("xl destroy g1");
    s.quiet("xl destroy g2");
    s.nothingLeft();
  }

  /// The device is probed only after its script ran: somebody else wrote InitWait.
  static void earlyScript(Script s) {
    s.boot(1);
    s.holdVifProbe();
    s.type("xl network-attach 1 bridge=xenbr0 &");
    s.within(5, "its probe is held", () -> s.logged("xwstall: hold probe of vif"));
    s.ok("xenstore-write /local/domain/0/backend/vif/1/1/state 2");
    s.type("wait");
    s.check(
        "its script has not found it",
        s.ok("xenstore-read /local/domain/0/backend/vif/1/1/hotplug-error")
            .contains("Cannot find device \"vif1.1\""));
    s.check("and has said so", is(s, "/local/domain/0/backend/vif/1/1/hotplug-status", "error"));
    s.releaseProbe();
    s.type("xl network-detach 1 1");
    s.gone("vif-1-1");
    s.pings("g1");
    s.quiet("xl network-attach 1 bridge=xenbr0");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  /// The probing task and the root watch's thread see the same device at the same time.
  static void modprobe(Script s) {
    s.boot(1);
    s.guest(2);
    s.check(
        "a driver that has a device stays",
        s.fails("rmmod xen-netback").contains("Module xen_netback is in use"));
    s.quiet("xl network-detach 1 0");
    s.gone("vif-1-0");
    for (int domid = 2; domid <= 3; domid++) {
      s.ok("rmmod xen-netback");
      s.check("it is not loaded", !s.ok("lsmod").contains("xen_netback"));
      s.type("xl create g2.cfg &");
      s.awaitNode("/local/domain/0/backend/vif/" + domid + "/0/state", "1");
      s.ok("modprobe xen-netback");
      s.type("wait");
      s.connected(domid);
      s.pings("g2");
      s.readsDisk("g1");
      s.quiet("xl destroy g2");
      s.gone("vif-" + domid + "-0");
    }
    s.quiet("xl network-attach 1 mac=00:16:3e:00:00:01 bridge=xenbr0");
    s.connected(1);
    s.pings("g1");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  /// Somebody removes what the toolstack remembers of a device; the next one gets its number, and
  /// is written in the transaction that removes the old one. Backends do not notice (C56): as in
  /// the real kernel the device does not connect, xl gives up, and a clean detach heals it.
  static void recreatedAtOnce(Script s) {
    s.boot(1);
    s.boot(2);
    s.pings("g1"); // it has booted: while it does, it would wait for the interface
    s.ok("xenstore-rm /libxl/1/device/vif/0");
    double seconds =
        s.secondsOf(
            () ->
                s.check(
                    "the new interface does not come",
                    s.fails("xl network-attach 1 mac=00:16:3e:00:00:01 bridge=xenbr0")
                        .contains("unable to add device with path")));
    s.check("xl waits its ten seconds for it", seconds > 9 && seconds < 12);
    s.pings("g2");
    s.readsDisk("g1");
    s.type("xl network-detach 1 0");
    s.gone("vif-1-0");
    s.quiet("xl network-attach 1 mac=00:16:3e:00:00:01 bridge=xenbr0");
    s.connected(1);
    s.pings("g1");
    s.quiet("xl destroy g1");
    s.quiet("xl destroy g2");
    s.nothingLeft();
  }

  /// MT-3. The domain is gone, for it had nothing mapped, but its thread still hangs in a probe; a
  /// guest is restored under its number.
  static void domidAgain(Script s) {
    s.bareGuest(1);
    s.quiet("xl create g1.cfg");
    s.okIn("g1", "hostname"); // it has booted: while it does, it would wait for the interface
    s.holdVifProbe();
    s.type("xl network-attach 1 bridge=xenbr0");
    s.type("xl save -D g1 g1.save"); // with the time-out of the stuck interface
    s.check("guest 1 is gone", s.dom0().domains().list().size() == 1);
    s.check("its thread is stuck", s.isStuck("xen-mtwatch-1"));
    s.check(
        "its number is not given at once",
        s.fails("xl restore g1.save").contains("domain id recently used"));
    s.ok("sleep " + REUSE_SECONDS);
    s.calm("xl restore g1.save");
    s.check("it has its number again", s.ok("xl domid g1").strip().equals("1"));
    s.type("xl network-attach 1 mac=00:16:3e:00:00:01 bridge=xenbr0 &");
    s.ok("sleep 1");
    s.check("xenwatch is not stuck", !s.isStuck("xenwatch"));
    s.guest(2);
    double seconds = s.secondsOf(() -> s.quiet("xl create g2.cfg"));
    s.check("guest 2 is created at once", seconds < 2);
    s.connected(2);
    s.pings("g2");
    s.type("wait"); // the attachment queues behind what is stuck, and times out alone
    s.releaseProbe();
    s.type("xl network-detach 1 0");
    s.gone("vif-1-0");
    s.quiet("xl network-attach 1 mac=00:16:3e:00:00:01 bridge=xenbr0");
    s.within(5, "guest 1 pings dom0", () -> s.typeIn("g1", Script.PING).contains("1 received"));
    s.quiet("xl destroy g1");
    s.quiet("xl destroy g2");
    s.nothingLeft();
  }

  /// A driver's callback for guest 1 goes on when its callback for guest 2 has run.
  static void callbackWaits(Script s) {
    s.boot(1);
    s.boot(2);
    Completion begun = s.dom0().kernel().cpu().completion("scenario_begun");
    Completion needed = s.dom0().kernel().cpu().completion("scenario_needed");
    Completion ended = s.dom0().kernel().cpu().completion("scenario_ended");
    WatchCallback waiting =
        _ -> {
          begun.completeAll();
          needed.await(CALLBACK_NANOS);
          ended.completeAll();
        };
    // The first event of a watch comes by itself.
    try (XenbusWatch _ = watch(s, 1, waiting)) {
      begun.await(CALLBACK_NANOS);
      double seconds = s.secondsOf(() -> completeFrom(s, 2, needed, ended));
      s.check(
          s.mtwatch() ? "it goes on at once" : "one thread waits for itself until it gives up",
          s.mtwatch() ? seconds < 1 : seconds > 4);
    } catch (XenstoreException e) {
      s.check("guest 1's node is watched: " + e.getMessage(), false);
    }
    s.pings("g1");
    s.pings("g2");
    s.quiet("xl destroy g1");
    s.quiet("xl destroy g2");
    s.nothingLeft();
  }

  private static void completeFrom(Script s, int domid, Completion needed, Completion ended) {
    try (XenbusWatch _ = watch(s, domid, _ -> needed.completeAll())) {
      ended.await(2 * CALLBACK_NANOS);
    } catch (XenstoreException e) {
      s.check("guest " + domid + "'s node is watched: " + e.getMessage(), false);
    }
  }

  private static XenbusWatch watch(Script s, int domid, WatchCallback callback)
      throws XenstoreException {
    return s.dom0()
        .xenbus()
        .watch(
            "/local/domain/" + domid + "/data/scenario",
            WatchOptions.DEFAULT.with(new WatchOptions.OwnedBy(Domid.of(domid))),
            callback);
  }
}
