package dev.xenbus.scenarios;

/// Scenarios of a driver domain. It is domain 1, its guests are those behind it.
final class DriverDomainScenarios {
  private static final String VIFNAME = "echo vif2.0 > /sys/kernel/xwstall/vifname";
  private static final String EAVESDROP = "echo 1 > /sys/kernel/xwstall/eavesdrop";
  private static final String RELEASE = "echo 0 > /sys/kernel/xwstall/eavesdrop";
  private static final String PING_DRIVER_DOMAIN = "ping -c 1 10.0.0.2";
  private static final String DD = "dd if=/dev/zero of=/dev/xvda bs=4k count=8";

  private DriverDomainScenarios() {}

  /// Creates the driver domain and waits, as an administrator must, until `xl devd` runs in it.
  ///
  /// Nothing promises that a guest can be created before: its kernel lists `backend` and only then
  /// watches it, and what is written in between is never found (C29, and so in the real kernel).
  /// Then nobody connects the device, nobody closes it, and `xl create` and `xl destroy` complain.
  private static void bootDriverDomain(Script s) {
    s.driverDomain(2);
    s.quiet("xl create ddom.cfg");
    s.within(
        5,
        "the driver domain serves",
        () -> s.typeIn("ddom", "ps").lines().anyMatch(line -> line.endsWith(" xl")));
  }

  /// Destroys a guest that the driver domain serves; nobody waits for a time-out.
  ///
  /// Two wait for a backend's Closed: dom0's toolstack, which then waits until the folder is gone,
  /// and `xl devd`, which removes it. Nothing makes the second wait for the first: if the folder is
  /// gone before dom0's toolstack has read the state, that says it was unable to remove the device,
  /// as libxl does (`devstate_callback`, "wanted state but it was removed"), and goes on.
  private static void destroyServed(Script s, String guest) {
    double seconds =
        s.secondsOf(
            () ->
                s.okBut(
                    "xl destroy " + guest,
                    "unable to remove device with path /local/domain/1/backend/",
                    "libxl__devices_destroy failed"));
    s.check(guest + " is destroyed at once", seconds < 2);
  }

  private static void createBoth(Script s) {
    bootDriverDomain(s);
    for (int number = 1; number <= 2; number++) {
      s.servedGuest(number);
      s.quiet("xl create g" + number + ".cfg");
    }
    s.connected(1, 2);
    s.connected(1, 3);
  }

  private static String hash(String printed) {
    return printed.split(" ", 2)[0];
  }

  static void serves(Script s) {
    createBoth(s);
    s.okIn("g1", PING_DRIVER_DOMAIN);
    s.pings("g1");
    s.okIn("g1", "ping -c 1 10.0.0.4");
    s.okIn("g1", DD);
    s.okIn("g1", "dd if=/dev/xvda of=/dev/xvda bs=4k count=1 skip=20 seek=40");
    String written = hash(s.okIn("g1", "sha256sum /dev/xvda"));
    s.check(
        "ddom's disk is the guest's", hash(s.okIn("ddom", "sha256sum /dev/xvda")).equals(written));
    // The scripts of both disks ran at once: either image may have got the first loop device.
    String loop = s.ok("xenstore-read /local/domain/0/backend/vbd/1/51712/node").strip();
    s.check("so is dom0's", hash(s.ok("sha256sum " + loop)).equals(written));
    s.check("guest 2's is another", !hash(s.okIn("g2", "sha256sum /dev/xvda")).equals(written));
    if (s.hasGuestThreads()) {
      s.check("guest 1 has a thread there", s.typeIn("ddom", "ps").contains("xen-mtwatch-2"));
      s.check("and none in dom0", !s.type("ps").contains("xen-mtwatch-2"));
    } else {
      s.check("no guest has one there", !s.typeIn("ddom", "ps").contains("xen-mtwatch"));
    }
    destroyServed(s, "g1");
    s.pings("g2");
    destroyServed(s, "g2");
    s.within(
        5,
        "the driver domain serves nobody any more",
        () -> !s.typeIn("ddom", "ps").matches("(?s).*(xen-mtwatch-|xvda-0|vif[23]).*"));
    s.quiet("xl destroy ddom");
    s.nothingLeft();
  }

  static void stall(Script s) {
    bootDriverDomain(s);
    s.servedGuest(1);
    s.servedGuest(2);
    s.quiet("xl create g1.cfg");
    s.connected(1, 2);
    s.okIn("ddom", VIFNAME);
    s.okIn("ddom", EAVESDROP);
    s.within(
        10, "a packet is held", () -> s.typeIn("ddom", "dmesg").contains("xwstall: hold sk_buff"));
    s.type("xl destroy g1");
    s.check("guest 1 is a zombie", s.type("xl list").contains("(null)"));
    String stuck = s.hasGuestThreads() ? "xen-mtwatch-2" : "xenwatch";
    s.check(
        stuck + " of the driver domain is in state D",
        s.typeIn("ddom", "ps").matches("(?s).* D +kthread_stop +\\[" + stuck + "].*"));
    if (s.hasGuestThreads()) {
      double seconds = s.secondsOf(() -> s.quiet("xl create g2.cfg"));
      s.check("guest 2 is created at once", seconds < 2);
      s.connected(1, 3);
      s.okIn("g2", PING_DRIVER_DOMAIN);
      s.okIn("g2", DD);
      destroyServed(s, "g2");
    } else {
      s.check(
          "guest 2's disk finds nobody",
          s.fails("xl create g2.cfg")
              .contains("unable to add device with path /local/domain/1/backend/vbd/3/51712"));
    }
    s.okIn("ddom", RELEASE);
    s.within(15, "guest 1 is gone", () -> !s.type("xl list").contains("(null)"));
    s.quiet("xl create g2.cfg");
    s.okIn("g2", PING_DRIVER_DOMAIN);
    destroyServed(s, "g2");
    s.quiet("xl destroy ddom");
    s.nothingLeft();
  }

  static void destroyed(Script s) {
    createBoth(s);
    s.guest(3);
    s.quiet("xl create g3.cfg");
    s.connected(4);
    s.quiet("xl destroy ddom");
    s.check("nothing of it is left", !s.type("xl list").contains("(null)"));
    s.fails("xl console g1 -c '" + Script.PING + "'");
    s.check(
        "guest 1 has not noticed",
        s.ok("xenstore-read /local/domain/2/device/vif/0/state").strip().equals("4"));
    s.check("its link is up", s.okIn("g1", "ip link").contains("LOWER_UP"));
    s.pings("g3");
    s.okIn("g3", DD);
    s.type("xl console g1 -c '" + DD + "' &");
    s.type("xl destroy g1");
    s.type("xl shutdown -w g2");
    s.type("wait");
    s.quiet("xl destroy g3");
    s.within(15, "no guest is left", () -> s.dom0().domains().list().size() == 1);
    s.nothingLeft();
  }
}
