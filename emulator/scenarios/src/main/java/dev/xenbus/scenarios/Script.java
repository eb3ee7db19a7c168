package dev.xenbus.scenarios;

import dev.xenbus.emulator.Dom0;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.machine.Task;
import dev.xenbus.scenarios.Transcript.Done;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/// What a scenario's steps are written in: a console of dom0, guests by number, and expectations.
///
/// Threads: exclusive to the task that plays the scenario.
public final class Script {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long POLL_NANOS = 20_000_000L;
  private static final long SETTLE_SECONDS = 5;

  private final Dom0 dom0;
  private final Dispatcher dispatcher;
  private final Path folder;
  private final TextOutput screen;
  private final Transcript console;
  private final Verdict.Builder verdict = new Verdict.Builder();
  private final Dom0.Census atStart;

  Script(Dom0 dom0, Dispatcher dispatcher, Path folder, TextOutput screen) {
    this.dom0 = dom0;
    this.dispatcher = dispatcher;
    this.folder = folder;
    this.screen = screen;
    console = new Transcript(dom0, folder, screen);
    atStart = dom0.census();
  }

  /// Returns the dom0 that it is played on.
  public Dom0 dom0() {
    return dom0;
  }

  /// Returns whether each guest has a thread of its own.
  public boolean mtwatch() {
    return dispatcher != Dispatcher.SINGLE;
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

  /// Types a line, whatever comes of it.
  public String type(String line) {
    return console.type(line).out();
  }

  /// Writes the files of a paravirtual guest with a disk and a network interface, to be created by
  /// `xl create g<number>.cfg`.
  public void guest(int number) {
    guestWithoutImage(number);
    image(number);
  }

  /// Writes the files of a guest that sends a large TCP segment a second, as one does whose network
  /// device is to stall.
  public void talkativeGuest(int number) {
    configure(number, "");
    image(number);
  }

  /// Makes the image of a guest's disk, which is empty.
  public void image(int number) {
    ok("truncate -s 256K g" + number + ".img");
  }

  /// Writes a guest's configuration, but makes no image for its disk.
  public void guestWithoutImage(int number) {
    configure(number, "traffic=off");
  }

  private void configure(int number, String extra) {
    try {
      Files.writeString(
          folder.resolve("g" + number + ".cfg"),
          """
          name   = "g%1$d"
          memory = 64
          kernel = "vmlinuz"
          extra  = "%2$s"
          disk   = [ 'g%1$d.img,raw,xvda,rw' ]
          vif    = [ 'mac=00:16:3e:00:00:%1$02d,bridge=xenbr0' ]
          """
              .formatted(number, extra));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  /// Waits, by a watch, until a node has a value or one that sorts behind it: without a pause, so
  /// that what follows races with whoever else waits for it.
  public void awaitNode(String path, String value) {
    try (XenstoreClient client = dom0.storeClient()) {
      client.watch(path, "scenario");
      do {
        client.awaitEvent();
      } while (client.read(path).compareTo(value) < 0);
    } catch (IOException e) {
      verdict.check(path + " gets " + value + ": " + e.getMessage(), false);
    }
  }

  /// Expects that both devices of a guest get connected.
  public void connected(int domid) {
    String backend = "/local/domain/0/backend/";
    within(5, "vif of " + domid + " connects", () -> isState(backend + "vif/" + domid + "/0", 4));
    within(
        5, "vbd of " + domid + " connects", () -> isState(backend + "vbd/" + domid + "/51712", 4));
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
    // A thread that is made when it is first needed stays; so does a worker that reaps threads.
    within(SETTLE_SECONDS, "nothing is left behind", () -> isAsAtStart(dom0.census()));
  }

  private boolean isAsAtStart(Dom0.Census now) {
    boolean threads =
        now.threads().entrySet().stream()
            .allMatch(
                thread ->
                    thread.getKey().startsWith("kworker/")
                        || thread.getKey().startsWith("emu-")
                        || thread
                            .getValue()
                            .equals(atStart.threads().getOrDefault(thread.getKey(), 0)));
    return threads
        && now.watches() == atStart.watches()
        && now.queues() == atStart.queues()
        && now.disks().equals(atStart.disks())
        && now.xen().equals(atStart.xen());
  }

  /// Plays the demo of the published stall; its expectations count.
  void stall(StallDemo.Kind kind) {
    try {
      StallDemo.prepare(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    new StallDemo(dom0, kind, mtwatch(), folder, screen).run().checks().forEach(verdict::check);
  }

  Verdict verdict() {
    return verdict.build();
  }
}
