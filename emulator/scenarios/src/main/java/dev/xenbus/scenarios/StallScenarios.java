package dev.xenbus.scenarios;

import java.util.List;

/// The three published stalls, S1 (a packet), S2 (storage), S3 (a page), beside the demo's: several
/// at once, and in guests that have only just been created, that go on running, or that are saved.
///
/// In each, guest 1 has S1, guest 2 has S2, guest 3 has S3, and guest 4 comes, works and goes.
final class StallScenarios {
  private static final String FILL_TAGS =
      "xl console 2 -c 'dd if=/dev/zero of=/dev/xvda bs=4k count=64 depth=32' &";
  private static final String READ_DISK = "dd if=/dev/xvda of=/dev/null bs=4k count=8";
  private static final int STALLS = 3;

  private StallScenarios() {}

  static void both(Script s) {
    for (int number = 1; number <= 3; number++) {
      s.guest(number);
    }
    s.quiet("xl create g1.cfg");
    s.quiet("xl create g2.cfg");
    s.connected(1);
    s.connected(2);
    s.ok("echo 2.xvda-0 > /sys/kernel/xwstall/vbd_hold_bio");
    s.type(FILL_TAGS);
    s.ok("sleep 1");
    s.type("xl destroy 2");
    s.holdVifProbe();
    s.type("xl network-attach 1 &");
    s.ok("sleep 1");
    s.type("xl destroy 1");
    double seconds = s.secondsOf(() -> s.quiet("xl create g3.cfg"));
    s.check("guest 3 is created at once", seconds < 2);
    s.connected(3);
    s.pings("g3");
    s.quiet("xl destroy g3");
    s.releaseProbe();
    s.ok("echo > /sys/kernel/xwstall/vbd_hold_bio");
    s.type("wait");
    s.within(15, "no guest is left", () -> s.dom0().domains().list().size() == 1);
  }

  static void together(Script s) {
    writeGuests(s);
    createThree(s);
    arm(s);
    trigger(s);
    destroyThree(s);
  }

  static void created(Script s) {
    writeGuests(s);
    arm(s); // names that nobody has yet
    createThree(s);
    trigger(s);
    destroyThree(s);
  }

  /// Each stuck device is detached from its guest, which goes on.
  static void running(Script s) {
    writeGuests(s);
    createThree(s);
    arm(s);
    trigger(s);
    s.type("xl network-detach 1 0 &");
    s.type("xl block-detach 2 xvda &");
    s.type("xl block-detach 3 xvda &");
    allStuck(s);
    othersWork(s, 4);
    s.type("wait");
    s.okIn("g1", READ_DISK);
    s.pings("g2");
    s.pings("g3");
    releaseOneByOne(s);
    s.okIn("g1", READ_DISK);
    s.pings("g2");
    s.pings("g3");
    for (int number = 1; number <= STALLS; number++) {
      s.type("xl destroy g" + number);
    }
    allGone(s);
  }

  /// Guests 1 and 3 are saved, and restored beside their zombies: the toolstack has removed all
  /// nodes of the stuck devices, so that nothing hinders it, not even that guest 3's zombie still
  /// has the image open. Guest 2 cannot be saved: a process of it waits for its disk in state D,
  /// and so its own kernel does not freeze.
  static void saved(Script s) {
    writeGuests(s);
    createThree(s);
    arm(s);
    trigger(s);
    s.type("xl save g1 g1.save");
    s.type("xl save g3 g3.save");
    s.fails("xl save g2 g2.save");
    s.check("the thread of guest 1 is stuck", s.isStuck("xen-mtwatch-1"));
    s.check("the thread of guest 3 is stuck", s.isStuck("xen-mtwatch-3"));
    othersWork(s, 4);
    double seconds =
        s.secondsOf(
            () -> {
              s.calm("xl restore g1.save");
              s.calm("xl restore g3.save");
            });
    s.check("guests 1 and 3 are restored at once", seconds < 2);
    s.connected(5);
    s.connected(6);
    useAll(s, List.of(1, 3));
    s.ok("echo 0 > /sys/kernel/xwstall/vbd_hold_pgrant");
    s.ok("echo 0 > /sys/kernel/xwstall/eavesdrop");
    s.ok("echo 0 > /sys/kernel/xwstall/vbd_hold_bio");
    s.type("wait");
    s.within(5, "the zombies are gone", () -> s.dom0().domains().list().size() == 1 + STALLS);
    s.calm("xl save g2 g2.save");
    s.calm("xl restore g2.save");
    s.connected(7);
    useAll(s, List.of(1, 2, 3));
    for (int number = 1; number <= STALLS; number++) {
      s.quiet("xl destroy g" + number);
    }
    allGone(s);
  }

  private static void useAll(Script s, List<Integer> guests) {
    for (int number : guests) {
      s.pings("g" + number);
      s.okIn("g" + number, READ_DISK);
    }
  }

  private static void writeGuests(Script s) {
    s.guestWithTraffic(1);
    for (int number = 2; number <= 4; number++) {
      s.guest(number);
    }
  }

  private static void createThree(Script s) {
    for (int number = 1; number <= STALLS; number++) {
      s.quiet("xl create g" + number + ".cfg");
      s.connected(number);
    }
  }

  private static void arm(Script s) {
    s.ok("echo vif1.0 > /sys/kernel/xwstall/vifname");
    s.ok("echo 1 > /sys/kernel/xwstall/eavesdrop");
    s.ok("echo 2.xvda-0 > /sys/kernel/xwstall/vbd_hold_bio");
    s.ok("echo 3.xvda > /sys/kernel/xwstall/vbd_hold_pgrant");
  }

  private static void trigger(Script s) {
    s.type(FILL_TAGS);
    s.ok("xl console 3 -c '" + READ_DISK + "'");
    s.within(5, "a packet of vif1.0 is held", () -> s.logged("xwstall: hold sk_buff"));
    s.within(5, "the block thread of guest 2 waits for a tag", () -> s.isStuck("2.xvda-0"));
    s.within(5, "a page of 3.xvda is held", () -> s.logged("xwstall: hold persistent grant of"));
  }

  private static void destroyThree(Script s) {
    s.type("xl destroy 1 &");
    s.type("xl destroy 2 &");
    s.type("xl destroy 3");
    allStuck(s);
    othersWork(s, 4);
    releaseOneByOne(s);
    s.type("wait");
    allGone(s);
  }

  private static void allStuck(Script s) {
    for (int number = 1; number <= STALLS; number++) {
      String thread = "xen-mtwatch-" + number;
      s.within(5, "the thread of guest " + number + " is stuck", () -> s.isStuck(thread));
    }
    s.check("xenwatch is not", !s.isStuck("xenwatch"));
  }

  private static void othersWork(Script s, int domid) {
    double seconds = s.secondsOf(() -> s.quiet("xl create g4.cfg"));
    s.check("guest 4 is created at once", seconds < 2);
    s.connected(domid);
    s.pings("g4");
    s.readsDisk("g4");
    s.quiet("xl destroy g4");
  }

  /// Lets go of one thing after the other; each ends one stall and no other.
  private static void releaseOneByOne(Script s) {
    List<String> files = List.of("vbd_hold_pgrant", "eavesdrop", "vbd_hold_bio");
    List<Integer> guests = List.of(3, 1, 2);
    for (int i = 0; i < files.size(); i++) {
      String thread = "xen-mtwatch-" + guests.get(i);
      s.check(thread + " is stuck until then", s.isStuck(thread));
      s.ok("echo 0 > /sys/kernel/xwstall/" + files.get(i));
      s.within(5, thread + " goes on", () -> !s.isStuck(thread));
    }
  }

  private static void allGone(Script s) {
    s.type("wait");
    s.within(15, "no guest is left", () -> s.dom0().domains().list().size() == 1);
    s.nothingLeftButLoopDevices();
  }
}
