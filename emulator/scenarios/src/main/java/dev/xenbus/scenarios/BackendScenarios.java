package dev.xenbus.scenarios;

/// Backends that come, go and are held while others use theirs.
final class BackendScenarios {
  private BackendScenarios() {}

  static void probeHeld(Script s) {
    s.guest(1);
    s.guest(2);
    s.holdVifProbe();
    s.type("xl create g1.cfg &");
    s.ok("sleep 1");
    double seconds = s.secondsOf(() -> s.quiet("xl create g2.cfg"));
    s.check("guest 2 is created at once", seconds < 2);
    s.connected(2);
    s.pings("g2");
    s.quiet("xl destroy g2");
    s.releaseProbe();
    s.type("wait");
    s.type("xl destroy g1");
    s.nothingLeft();
  }

  static void backendGone(Script s) {
    s.create(1);
    s.create(2);
    s.connected(1);
    s.connected(2);
    s.ok("xenstore-rm /local/domain/0/backend/vif/1");
    s.pings("g2");
    s.type("xl destroy g1");
    s.quiet("xl destroy g2");
    s.nothingLeft();
  }

  static void backendGoneProbing(Script s) {
    s.boot(1);
    s.guest(2);
    s.type("xl create g2.cfg &");
    s.awaitNode("/local/domain/0/backend/vif/2/0/state", "1");
    s.ok("xenstore-rm /local/domain/0/backend/vif/2");
    // xl waits its ten seconds for a vif that will not come, or it has come just before.
    s.type("wait");
    s.pings("g1");
    s.type("xl destroy g2");
    s.quiet("xl destroy g1");
    s.nothingLeftButLoopDevices();
  }

  static void attachDetach(Script s) {
    s.boot(1);
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

  static void createdAgain(Script s) {
    s.boot(1);
    for (int i = 0; i < 2; i++) {
      s.quiet("xl network-detach 1 0");
      s.gone("vif-1-0");
      s.quiet("xl network-attach 1 mac=00:16:3e:00:00:01 bridge=xenbr0");
      s.connected(1);
    }
    s.pings("g1");
    s.quiet("xl destroy g1");
    s.nothingLeft();
  }

  static void unbindWhileDestroyed(Script s) {
    s.create(1);
    s.create(2);
    s.connected(1);
    s.connected(2);
    s.type("xl network-detach 1 0 &");
    s.awaitNode("/local/domain/1/device/vif/0/state", "6");
    s.type("echo vif-1-0 > /sys/bus/xen-backend/drivers/vif/unbind &");
    s.type("echo vbd-1-51712 > /sys/bus/xen-backend/drivers/vbd/unbind &");
    // A backend without a driver does not close: xl may wait its ten seconds and complain.
    s.type("xl destroy g1");
    s.type("wait");
    s.pings("g2");
    s.quiet("xl destroy g2");
    s.nothingLeftButLoopDevices();
  }

  static void bindUnderLoad(Script s) {
    s.boot(1);
    s.type("xl console 1 -c 'dd if=/dev/zero of=/dev/xvda bs=512 count=512 depth=8' &");
    String written = "/sys/bus/xen-backend/devices/vbd-1-51712/statistics/wr_req";
    s.letRunUntil("guest 1 has begun to write", () -> s.file(written).matches("[1-9].*"));
    int changes =
        s.changesOf("/local/domain/1/device/vbd/51712/state", () -> rebindTwice(s, "vbd-1-51712"));
    s.check("the frontend has noticed nothing", changes == 0);
    s.pings("g1");
    s.ok("xl console 1 -c 'dd if=/dev/xvda of=/dev/null bs=4k count=16'");
    s.type("xl destroy g1");
    s.nothingLeftButLoopDevices();
  }

  /// Requests that are in flight at the unbind keep the old interface, ring and channel with it,
  /// until they are answered; a bind before that would find the guest's channel taken.
  private static void rebindTwice(Script s, String busId) {
    for (int i = 0; i < 2; i++) {
      s.ok("echo " + busId + " > /sys/bus/xen-backend/drivers/vbd/unbind");
      s.within(5, "what was in flight has ended", s::hasNoDiskOpen);
      s.ok("echo " + busId + " > /sys/bus/xen-backend/drivers/vbd/bind");
    }
    s.ok("wait %1");
    s.connected(1);
  }

  static void unbindInGuest(Script s) {
    s.boot(1);
    // The backend is gone, and somebody cleans up behind it: it is Closed where the guest expects
    // Closing.
    s.ok("echo vif-1-0 > /sys/bus/xen-backend/drivers/vif/unbind");
    s.type("xl console 1 -c 'echo vif-0 > /sys/bus/xen/drivers/vif/unbind' &");
    s.awaitNode("/local/domain/1/device/vif/0/state", "5");
    s.ok("xenstore-write /local/domain/0/backend/vif/1/0/state 6");
    // netfront is not told of states any more when it is removed: it looks every five seconds.
    s.ok("sleep 11");
    s.check("netfront lets go in two rounds of five seconds", !s.waits("xennet_wait"));
    s.readsDisk("g1");
    // A backend without a driver does not close: xl may wait its ten seconds and complain.
    s.type("xl destroy g1");
    s.type("wait");
    s.nothingLeftButLoopDevices();
  }
}
