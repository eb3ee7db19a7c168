package dev.xenbus.scenarios;

import dev.xenbus.emulator.Dom0;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.machine.Task;
import dev.xenbus.scenarios.Transcript.Done;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.BooleanSupplier;

/// One boot of the published stall: guest 1's device is held, guest 1 is destroyed, guest 2 is
/// created, the device is released. Without mtwatch the whole dom0 stands still, with it guest 1
/// alone does.
public final class StallDemo {
  /// Which device is held.
  public enum Kind {
    /// S1: a zero-copy packet of the network device stays in dom0. The disk has closed by then.
    VIF,
    /// S2: the storage below the block device completes nothing. The network device closes behind
    /// it, in the same thread.
    VBD,
    /// S3: a storage driver keeps a reference to a page that the block device has mapped for good.
    /// Its requests are all answered. The network device closes behind it, in the same thread.
    PGRANT;

    /// Returns which devices of guest 1 do not close, as places below `/local/domain/0/backend`.
    List<String> stuckDevices() {
      return switch (this) {
        case VIF -> List.of("vif/1/0");
        case VBD, PGRANT -> List.of("vbd/1/51712", "vif/1/0");
      };
    }
  }

  private static final List<String> GUEST_FILES = List.of("first.cfg", "pv.cfg");
  private static final int DEMO_BLOCKS = 64;
  private static final int SCENARIO_BLOCKS = 2;
  private static final long TOOLSTACK_TIMEOUT_SECONDS = 10;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long SETTLE_NANOS = 10 * NANOS_PER_SECOND;
  private static final long POLL_NANOS = 20_000_000L;

  private final Dom0 dom0;
  private final Kind kind;
  private final boolean mtwatch;
  private final Transcript console;
  private final Verdict.Builder verdict;

  /// How many blocks of 64 KiB go through a disk to see that it works.
  private int blocks = DEMO_BLOCKS;

  /// Makes one boot's run.
  ///
  /// @param dom0 just booted, with or without `xen_mtwatch`
  /// @param mtwatch whether it was booted with `xen_mtwatch`
  /// @param folder where [#prepare] put the guests' files
  /// @param screen where the console's text goes
  public StallDemo(Dom0 dom0, Kind kind, boolean mtwatch, Path folder, TextOutput screen) {
    this.dom0 = dom0;
    this.kind = kind;
    this.mtwatch = mtwatch;
    console = new Transcript(dom0, folder, screen);
    verdict = new Verdict.Builder();
  }

  /// Puts the guests' configuration files, the ones in `examples/guests`, into a folder.
  public static void prepare(Path folder) throws IOException {
    for (String name : GUEST_FILES) {
      try (InputStream file = StallDemo.class.getResourceAsStream(name)) {
        if (file == null) {
          throw new IOException("resource " + name + " is missing");
        }
        Files.copy(file, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  /// Runs all steps and returns what was seen.
  public Verdict run() {
    untilRelease();
    recover();
    return verdict.build();
  }

  /// Runs the steps that threads of watches have a part in, once each and with little data: from
  /// guest 1's creation to the release. For exploration, which plays it thousands of times.
  Verdict runShort() {
    blocks = SCENARIO_BLOCKS;
    untilRelease();
    return verdict.build();
  }

  private void untilRelease() {
    startGuest();
    stall();
    destroyFirst();
    Task stuck = lookAround();
    createSecond();
    release(stuck);
  }

  private void startGuest() {
    console.say("Guest 1 runs: its network and its disk carry data.");
    console.type("truncate -s 64M first.img pv.img");
    Done create = console.type("xl create first.cfg");
    verdict.check("guest 1 created", create.exit() == 0 && create.errors().size() == 1);
    console.type("xl list");
    verdict.check(
        "guest 1 pings dom0", console.type("xl console 1 -c 'ping -c 2 10.0.0.1'").exit() == 0);
    verdict.check(
        "guest 1 reads its disk",
        console
                .type("xl console 1 -c 'dd if=/dev/xvda of=/dev/null bs=64k count=" + blocks + "'")
                .exit()
            == 0);
  }

  private void stall() {
    switch (kind) {
      case VIF -> {
        console.say("The next zero-copy packet of guest 1 stays in dom0, as in a NIC's ring.");
        console.type("echo vif1.0 > /sys/kernel/xwstall/vifname");
        console.type("echo 1 > /sys/kernel/xwstall/eavesdrop");
        console.type("sleep 3");
      }
      case VBD -> {
        console.say("The storage below guest 1's disk completes nothing any more.");
        console.type("echo 1.xvda-0 > /sys/kernel/xwstall/vbd_hold_bio");
        console.type("xl console 1 -c 'dd if=/dev/zero of=/dev/xvda bs=4k count=64 depth=32' &");
        console.type("sleep 1");
      }
      case PGRANT -> {
        console.say("A storage driver below guest 1's disk keeps a reference to one page of it.");
        console.type("echo 1.xvda > /sys/kernel/xwstall/vbd_hold_pgrant");
        console.type("sleep 1");
        console.say("Nobody notices: what guest 1 asks of its disk is answered.");
        verdict.check(
            "guest 1 still writes its disk",
            console.type("xl console 1 -c 'dd if=/dev/zero of=/dev/xvda bs=64k count=16'").exit()
                == 0);
      }
    }
    checkHeld(console.type("dmesg | grep xwstall").out());
  }

  private void checkHeld(String log) {
    switch (kind) {
      case VIF ->
          verdict.check(
              "packet held",
              log.matches(
                  "(?s).*xwstall: hold sk_buff=0x[0-9a-f]{16} at netdev=vif1.0 "
                      + "\\(nr_frag=2\\).*xwstall: grant\\(0\\) domid=1 gref=\\d+.*"));
      case VBD -> {} // What hangs shows in the stack of the vbd's thread alone.
      case PGRANT ->
          verdict.check(
              "persistent grant held",
              log.matches("(?s).*xwstall: hold persistent grant of 1.xvda-0: domid=1 gref=\\d+.*"));
    }
  }

  private void destroyFirst() {
    console.say("Guest 1 is destroyed. Its own device is the stuck one: off and on alike.");
    Done destroy = console.type("xl destroy 1");
    verdict.check("xl destroy 1 exits 0", destroy.exit() == 0);
    verdict.check(
        "xl destroy 1 prints its error lines",
        destroy.errors().equals(PublishedLines.destroy(1, kind)));
    verdict.check(
        "xl destroy 1 takes its time-out",
        destroy.nanos() / NANOS_PER_SECOND == TOOLSTACK_TIMEOUT_SECONDS);
    verdict.row(
        "xl destroy 1",
        destroy.time() + ", " + destroy.errors().size() + " error lines, exit " + destroy.exit());
    Done list = console.type("xl list");
    verdict.check(
        "guest 1 is a zombie", list.out().matches("(?s).*\\(null\\) +1 +\\d+ +1 +--p--d.*"));
  }

  private Task lookAround() {
    String comm = mtwatch ? "xen-mtwatch-1" : "xenwatch";
    Task stuck =
        dom0.machine().tasks().stream()
            .filter(task -> task.comm().equals(comm) && task.cpu().equals(dom0.kernel().cpu()))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no thread " + comm));
    console.say("Who is blocked, and where.");
    console.type("ps | grep xen");
    Done stack = console.type("cat /proc/" + stuck.pid() + "/stack");
    verdict.check("[" + comm + "] in state D", stuck.state() == Task.State.D);
    verdict.check(
        "its stack is the published one",
        PublishedLines.stack(kind, mtwatch).equals(frames(stack.out())));
    if (kind == Kind.VIF) {
      Done counters = console.type("ethtool -S vif1.0");
      verdict.check("a sent packet never came back", inFlight(counters.out()) == 1);
    }
    if (mtwatch) {
      boolean sleeps =
          dom0.machine().tasks().stream()
              .filter(t -> t.comm().equals("xenwatch") && t.cpu().equals(dom0.kernel().cpu()))
              .allMatch(t -> t.state() == Task.State.S);
      verdict.check("[xenwatch] in state S", sleeps);
    }
    verdict.row("blocked thread", "[" + comm + "] in state " + stuck.state());
    return stuck;
  }

  private void createSecond() {
    console.say("Another guest is created.");
    Done create = console.type("xl create pv.cfg");
    console.type("xl list");
    if (mtwatch) {
      verdict.check("xl create works", create.exit() == 0 && create.errors().size() == 1);
      verdict.row("xl create pv.cfg", create.time() + ", exit 0");
      useAndDestroy(2);
    } else {
      verdict.check("xl create fails with 3", create.exit() == 3);
      verdict.check(
          "xl create prints the published lines", create.errors().equals(PublishedLines.create(2)));
      verdict.row("xl create pv.cfg", create.time() + ", 7 error lines, exit " + create.exit());
      verdict.row("guest 2's network", "-");
      verdict.row("guest 2's disk", "-");
      verdict.row("xl destroy 2", "-");
    }
  }

  /// Moves data through both devices of a guest, then destroys it.
  private void useAndDestroy(int domid) {
    String inGuest = "xl console " + domid + " -c ";
    Done ping = console.type(inGuest + "'ping -c 3 10.0.0.1'");
    verdict.check("guest " + domid + " pings dom0", ping.out().contains(" 0% packet loss"));
    Done write =
        console.type(
            inGuest + "'dd if=/dev/zero of=/dev/xvda bs=64k count=" + blocks + " conv=fsync'");
    Done read =
        console.type(inGuest + "'dd if=/dev/xvda of=/dev/null bs=64k count=" + blocks + "'");
    verdict.check("guest " + domid + " writes its disk", write.exit() == 0);
    verdict.check("guest " + domid + " reads its disk", read.exit() == 0);
    Done destroy = console.type("xl destroy " + domid);
    verdict.check(
        "guest " + domid + " destroyed", destroy.exit() == 0 && destroy.errors().isEmpty());
    if (domid == 2 && mtwatch) {
      verdict.row("guest 2's network", "3 pings, 0% loss");
      verdict.row("guest 2's disk", size() + " written, " + size() + " read");
      verdict.row("xl destroy 2", destroy.time() + ", exit 0");
    }
  }

  private String size() {
    int kib = blocks * 64;
    return kib % 1024 == 0 ? kib / 1024 + " MiB" : kib + " KiB";
  }

  private void release(Task stuck) {
    console.say("What was held is let go.");
    verdict.row(
        "blocked for",
        Transcript.seconds(dom0.machine().clock().nanos() - stuck.stateSinceNanos()));
    console.type(
        switch (kind) {
          case VIF -> "echo 0 > /sys/kernel/xwstall/eavesdrop";
          case VBD -> "echo > /sys/kernel/xwstall/vbd_hold_bio";
          case PGRANT -> "echo > /sys/kernel/xwstall/vbd_hold_pgrant";
        });
    console.type("sleep 1");
    if (kind == Kind.VBD) {
      console.type("wait");
    }
    boolean isOver = awaitEndOf(stuck);
    console.type("dmesg | grep xwstall | tail -n 2");
    console.type("ps | grep xen");
    Done list = console.type("xl list");
    verdict.check("the zombie is gone", !list.out().contains("(null)"));
    verdict.check(mtwatch ? "[xen-mtwatch-1] ended" : "[xenwatch] in state S again", isOver);
    verdict.row(
        "after the release",
        "guest 1 is gone, " + (mtwatch ? "its thread too" : "xenwatch sleeps"));
  }

  /// Waits until the thread that was stuck has nothing to do any more: on a live machine with much
  /// else to do that takes a while.
  ///
  /// @return whether it has, within ten seconds
  private boolean awaitEndOf(Task stuck) {
    BooleanSupplier isIdle =
        mtwatch
            ? () -> !dom0.machine().tasks().contains(stuck)
            : () -> stuck.state() == Task.State.S && stuck.wchan().equals("xenwatch_thread");
    BooleanSupplier isOver = () -> dom0.domains().list().size() == 1 && isIdle.getAsBoolean();
    long deadline = dom0.machine().clock().nanos() + SETTLE_NANOS;
    while (!isOver.getAsBoolean() && dom0.machine().clock().nanos() < deadline) {
      Task.sleep(POLL_NANOS);
    }
    return isOver.getAsBoolean();
  }

  private void recover() {
    console.say("All is well again: two guests, and they reach each other.");
    Done first = console.type("xl create first.cfg");
    Done second = console.type("xl create pv.cfg");
    verdict.check("both guests created", first.exit() == 0 && second.exit() == 0);
    console.type("sleep 1");
    Done ping = console.type("xl console 4 -c 'ping -c 3 10.0.0.4'");
    verdict.check("guest 4 pings guest 3", ping.out().contains(" 0% packet loss"));
    console.type("xl destroy 3");
    console.type("xl destroy 4");
    console.type("sleep 1");
    Done list = console.type("xl list");
    verdict.check("only dom0 is left", list.out().lines().count() == 2);
  }

  private static List<String> frames(String stack) {
    return stack.lines().map(line -> line.replaceFirst("^\\[<0>] ", "")).toList();
  }

  private static long inFlight(String counters) {
    return counter(counters, "tx_zerocopy_sent")
        - counter(counters, "tx_zerocopy_success")
        - counter(counters, "tx_zerocopy_fail");
  }

  private static long counter(String counters, String name) {
    return counters
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1).strip()))
        .findFirst()
        .orElse(-1);
  }
}
