package dev.xenbus.scenarios;

import dev.xenbus.emulator.Dom0;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.scenarios.Transcript.Done;
import dev.xenbus.xenstore.client.WatchEvent;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// What a scenario's steps are written in: a console of dom0, guests by number, and expectations.
///
/// Threads: exclusive to the task that plays the scenario.
public final class Script {
  /// What a guest types to see whether it reaches dom0.
  static final String PING = "ping -c 1 10.0.0.1";

  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long POLL_NANOS = 20_000_000L;
  private static final int TURNS_MAX = 100_000;
  private static final long SETTLE_SECONDS = 5;

  private final Dom0 dom0;
  private final Dispatcher dispatcher;
  private final Path folder;
  private final TextOutput screen;
  private final Transcript console;
  private final Verdict.Builder verdict = new Verdict.Builder();
  private final GuestFiles files;
  private final Leftovers leftovers;

  Script(Dom0 dom0, Dispatcher dispatcher, Path folder, TextOutput screen) {
    this.dom0 = dom0;
    this.dispatcher = dispatcher;
    this.folder = folder;
    this.screen = screen;
    console = new Transcript(dom0, folder, screen);
    files = new GuestFiles(folder, dom0.kernel(), dispatcher);
    leftovers = new Leftovers(dom0);
  }

  /// Returns the dom0 that it is played on.
  public Dom0 dom0() {
    return dom0;
  }

  /// Returns whether each guest has a thread of its own.
  public boolean mtwatch() {
    return dispatcher != Dispatcher.SINGLE;
  }

  /// Returns whether a driver domain's guests have threads there: the version of the summit leaves
  /// them out (MT-10).
  public boolean hasGuestThreads() {
    return dispatcher == Dispatcher.SERIES;
  }

  /// Types a line and expects exit code 0.
  public String ok(String line) {
    Done done = console.type(line);
    verdict.check(line + " succeeds", done.exit() == 0);
    return done.out();
  }

  /// Types a line and expects exit code 0 and nothing on standard error but what is being parsed.
  public String quiet(String line) {
    Done done = console.type(line);
    verdict.check(line + " succeeds", done.exit() == 0);
    verdict.check(
        line + " has nothing to complain of",
        done.errors().stream().allMatch(error -> error.startsWith("Parsing config")));
    return done.out();
  }

  /// Types a line and expects exit code 0, and on standard error only lines that have one of these
  /// texts in them.
  public String okBut(String line, String... texts) {
    Done done = console.type(line);
    verdict.check(line + " succeeds", done.exit() == 0);
    verdict.check(
        line + " complains of nothing else",
        done.errors().stream().allMatch(error -> Arrays.stream(texts).anyMatch(error::contains)));
    return done.out();
  }

  /// Types a line that talks about what it does, and expects exit code 0 and no error.
  public String calm(String line) {
    Done done = console.type(line);
    verdict.check(line + " succeeds", done.exit() == 0);
    verdict.check(
        line + " has nothing to complain of",
        done.errors().stream()
            .noneMatch(error -> error.startsWith("libxl:") || error.startsWith("Failed")));
    return done.out();
  }

  /// Types a line and expects another exit code than 0.
  public String fails(String line) {
    Done done = console.type(line);
    verdict.check(line + " fails", done.exit() != 0);
    return done.err();
  }

  /// Lets the next probe of a vif hang.
  public void holdVifProbe() {
    ok("echo vif > /sys/kernel/xwstall/probe_hold");
  }

  /// Lets the probe that hangs go on.
  public void releaseProbe() {
    ok("echo > /sys/kernel/xwstall/probe_hold");
  }

  /// Types a line, whatever comes of it.
  public String type(String line) {
    return console.type(line).out();
  }

  /// Writes the files of a paravirtual guest with a disk and a network interface, to be created by
  /// `xl create g<number>.cfg`.
  public void guest(int number) {
    files.guest(number);
  }

  /// Makes the image of a guest's disk, which is empty.
  public void image(int number) {
    files.image(number);
  }

  /// Writes the files of a guest that sends a packet a second, which is zero-copy in dom0, for as
  /// long as it runs; the others of this script do not.
  public void guestWithTraffic(int number) {
    files.guestWithTraffic(number);
  }

  /// Writes a guest's configuration, but makes no image for its disk.
  public void guestWithoutImage(int number) {
    files.guestWithoutImage(number);
  }

  /// Writes the configuration of a guest that has no devices but its console.
  public void bareGuest(int number) {
    files.bareGuest(number);
  }

  /// Writes `ddom.cfg`: a driver domain with a disk for each guest that it is to serve, an
  /// interface on dom0's bridge, and the design that is played on its own command line.
  public void driverDomain(int guests) {
    files.driverDomain(guests);
  }

  /// Writes the configuration of a guest whose disk and interface the driver domain serves; its
  /// traffic goes through the driver domain.
  public void servedGuest(int number) {
    files.servedGuest(number);
  }

  /// Writes a guest's files and creates it: its domid is its number if nobody was created before it
  /// but those with lower ones.
  public void create(int number) {
    guest(number);
    quiet("xl create g" + number + ".cfg");
  }

  /// Creates a guest, whose domid is its number, and waits until its devices are connected.
  public void boot(int number) {
    create(number);
    connected(number);
  }

  /// Expects that a guest reaches dom0.
  public void pings(String guest) {
    okIn(guest, PING);
  }

  /// Expects that a guest reads its disk.
  public void readsDisk(String guest) {
    okIn(guest, "dd if=/dev/xvda of=/dev/null bs=64k count=1");
  }

  /// Returns whether dom0's log has a line with this text.
  public boolean logged(String text) {
    return dom0.kernel().printk().lines().stream().anyMatch(line -> line.text().contains(text));
  }

  /// Returns whether a thread of dom0's kernel of this name is in state D.
  public boolean isStuck(String comm) {
    return dom0.machine().tasks().stream()
        .anyMatch(
            task ->
                task.comm().equals(comm)
                    && task.cpu().equals(dom0.kernel().cpu())
                    && task.state() == Task.State.D);
  }

  /// Types a line at a guest's console and expects exit code 0.
  public String okIn(String guest, String line) {
    return ok("xl console " + guest + " -c '" + line + "'");
  }

  /// Types a line at a guest's console, whatever comes of it.
  public String typeIn(String guest, String line) {
    return type("xl console " + guest + " -c '" + line + "'");
  }

  /// Expects something now.
  public void check(String what, boolean holds) {
    verdict.check(what, holds);
  }

  /// Expects something within a time, in the machine's seconds.
  public void within(long seconds, String what, BooleanSupplier holds) {
    long deadline = dom0.machine().clock().nanos() + seconds * NANOS_PER_SECOND;
    while (!holds.getAsBoolean() && dom0.machine().clock().nanos() < deadline) {
      Task.sleep(POLL_NANOS);
    }
    verdict.check(what, holds.getAsBoolean());
  }

  /// Expects that something comes about while others run and no time goes by: what follows meets
  /// them in the middle of it.
  public void letRunUntil(String what, BooleanSupplier holds) {
    for (int turn = 0; turn < TURNS_MAX && !holds.getAsBoolean(); turn++) {
      Task.relax();
    }
    verdict.check(what, holds.getAsBoolean());
  }

  /// Returns a file of dom0's kernel, without blanks around it; empty if there is none.
  public String file(String path) {
    try {
      return dom0.kernel().files().read(path).strip();
    } catch (KernelException _) {
      return "";
    }
  }

  /// Waits, by a watch, until a node has a value or one that sorts behind it: without a pause, so
  /// that what follows races with whoever else waits for it. It goes on after five seconds without
  /// a change: the node may have come and gone.
  public void awaitNode(String path, String value) {
    try (XenstoreClient client = dom0.storeClient()) {
      client.watch(path, "scenario");
      Optional<WatchEvent> event;
      do {
        event = client.awaitEvent(SETTLE_SECONDS * NANOS_PER_SECOND);
      } while (event.isPresent() && client.readIfPresent(path).orElse("").compareTo(value) < 0);
    } catch (IOException e) {
      verdict.check(path + " gets " + value + ": " + e.getMessage(), false);
    }
  }

  /// Plays a step and returns how often a node was written or removed meanwhile.
  public int changesOf(String path, Runnable step) {
    try (XenstoreClient client = dom0.storeClient()) {
      client.watch(path, "scenario");
      client.awaitEvent(WaitQueue.FOREVER); // that of the registration
      step.run();
      client.readIfPresent(path); // its answer comes behind all events
      int changes = 0;
      while (client.awaitEvent(0).isPresent()) {
        changes++;
      }
      return changes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Expects that both devices of a guest get connected to dom0.
  public void connected(int domid) {
    connected(0, domid);
  }

  /// Expects that both devices of a guest get connected to a domain.
  public void connected(int backendDomid, int domid) {
    String backend = "/local/domain/" + backendDomid + "/backend/";
    within(5, "vif of " + domid + " connects", () -> isState(backend + "vif/" + domid + "/0", 4));
    within(
        5, "vbd of " + domid + " connects", () -> isState(backend + "vbd/" + domid + "/51712", 4));
    if (!isState(backend + "vif/" + domid + "/0", 4)) {
      type("xenstore-ls " + backend + "vif/" + domid);
      type("xenstore-ls /local/domain/" + domid + "/device");
      type("xl console " + domid + " -c dmesg");
      type("dmesg");
    }
  }

  /// Waits until dom0's kernel has let go of a device, such as `vif-1-0`.
  ///
  /// xl does not: it removes the nodes as soon as it reads Closed, while the backend that wrote it
  /// is still inside its callback. If they are made again before that backend asks whether it is
  /// still wanted, it reads the new `online`, which is 1, and stays; the events of the root watch
  /// find the folder there; the state that the tool wrote, Initialising, is nobody's business
  /// (C56). So the new device has no backend, xl waits its ten seconds, and the next detach removes
  /// both. The real kernel does the same, for disks as for interfaces.
  public void gone(String busId) {
    within(
        SETTLE_SECONDS,
        busId + " is gone",
        () -> dom0.census().files().stream().noneMatch(file -> file.contains("/" + busId + "/")));
  }

  /// Returns whether a task of any kernel sleeps at a place (`wchan`).
  public boolean waits(String wchan) {
    return dom0.machine().tasks().stream().anyMatch(task -> task.wchan().equals(wchan));
  }

  /// Returns whether nobody has a disk of dom0's open, as a backend has for as long as it works.
  public boolean hasNoDiskOpen() {
    return dom0.census().disks().values().stream().allMatch(users -> users == 0);
  }

  /// Returns whether the store has a node.
  public boolean exists(String path) {
    return new Transcript(dom0, folder, text -> {}).type("xenstore-exists " + path).exit() == 0;
  }

  private boolean isState(String device, int state) {
    return new Transcript(dom0, folder, text -> {})
        .type("xenstore-read " + device + "/state")
        .out()
        .strip()
        .equals(Integer.toString(state));
  }

  /// Returns how long a line took, in the machine's seconds.
  public double secondsOf(Runnable step) {
    long begun = dom0.machine().clock().nanos();
    step.run();
    return (double) (dom0.machine().clock().nanos() - begun) / NANOS_PER_SECOND;
  }

  /// Expects that threads, watches, queues, disks, pages, ports and mappings are what they were
  /// when the script began.
  public void nothingLeft() {
    settles("nothing is left behind", leftovers::isNothing);
  }

  /// Expects what [#nothingLeft] does, but for loop devices: a toolstack whose removal of a device
  /// timed out does not run the script that would take them away.
  public void nothingLeftButLoopDevices() {
    settles("nothing but loop devices is left behind", leftovers::isNothingButLoopDevices);
  }

  /// If not, the console shows the differences, for whoever looks for the cause; the verdict itself
  /// has no figures, so that a schedule can be made small.
  private void settles(String what, BooleanSupplier settled) {
    within(SETTLE_SECONDS, what, settled);
    if (!settled.getAsBoolean()) {
      screen.print(leftovers.describe());
    }
  }

  /// Plays the published stall as the demo does, but for its end; its expectations count.
  void stall(StallDemo.Kind kind) {
    try {
      StallDemo.prepare(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    new StallDemo(dom0, kind, mtwatch(), folder, screen)
        .runShort()
        .checks()
        .forEach(verdict::check);
    nothingLeftButLoopDevices();
  }

  Verdict verdict() {
    return verdict.build();
  }
}
