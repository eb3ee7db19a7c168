package dev.xenbus.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyBoolean;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import dev.xenbus.abi.io.ConsoleRing;
import dev.xenbus.abi.io.RingPoint;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.machine.Irq;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class HvcConsoleTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long INPUT_PRODUCER = 3076;
  private static final long OUTPUT_CONSUMER = 3080;

  private static final int SEEDS = 20;

  /// What a test does.
  private interface Scene {
    void play(Daemon daemon) throws Exception;
  }

  /// The console daemon's end, moved by the test.
  private static final class Daemon {
    final LinuxKernel kernel;
    final HvcConsole console;
    final ConsoleRing ring;
    final MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
    final AtomicInteger kicks = new AtomicInteger();

    /// What the console said at the end of each interrupt: whether it was spurious.
    final List<Boolean> ends = new CopyOnWriteArrayList<>();

    private Irq irq;

    Daemon(SimulatedMachine machine) throws Exception {
      ring = new ConsoleRing(page, RingPoint.NONE);
      ring.init();
      ring.connected(true);
      EventChannels events = mock(EventChannels.class);
      EventChannel channel = mock(EventChannel.class);
      kernel = TestKernel.boot(machine, "", events);
      irq = kernel.cpu().irq("none", () -> {});
      when(events.bindLateEoi(anyInt(), anyString(), any()))
          .thenAnswer(
              call -> {
                Consumer<EventChannel> handler = call.getArgument(2);
                irq = kernel.cpu().irq("hvc_console", () -> handler.accept(channel));
                return channel;
              });
      doAnswer(call -> ends.add(call.getArgument(0))).when(channel).eoi(anyBoolean());
      doAnswer(call -> kicks.incrementAndGet()).when(channel).send();
      console = new HvcConsole(kernel, page, 2);
    }

    void type(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int at = 0;
      while (at < bytes.length) {
        at += ring.input().put(bytes, at, bytes.length - at);
        irq.raise();
      }
    }

    String printed() {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      byte[] bytes = new byte[100];
      for (int n = ring.output().take(bytes, 0, 100);
          n > 0;
          n = ring.output().take(bytes, 0, 100)) {
        all.write(bytes, 0, n);
      }
      irq.raise();
      return all.toString(StandardCharsets.UTF_8);
    }

    /// Sends events, one after the other, and returns how each ended.
    List<Boolean> endsOf(int count) {
      for (int i = 0; i < count; i++) {
        irq.raise();
        Task.sleep(SECOND);
      }
      return takeEnds();
    }

    List<Boolean> takeEnds() {
      List<Boolean> taken = List.copyOf(ends);
      ends.clear();
      return taken;
    }

    String read() {
      byte[] bytes = new byte[64];
      int count = console.read(bytes);
      return count < 0 ? "<end>" : new String(bytes, 0, count, StandardCharsets.UTF_8);
    }
  }

  private static void play(Scene scene) throws MachineFailure {
    play(SimulatedMachine.Options.fair(), scene);
    for (long seed = 1; seed <= SEEDS; seed++) {
      play(
          SimulatedMachine.Options.seed(seed).with(RandomWalk.patient()).chaos(false, true), scene);
    }
  }

  private static void play(SimulatedMachine.Options options, Scene scene) throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(options);
    machine.run(
        () -> {
          scene.play(new Daemon(machine));
          return null;
        });
  }

  @Test
  void readerGetsWhatWasTyped() throws MachineFailure {
    play(
        daemon -> {
          daemon.type("ls\n");
          assertEquals("ls\n", daemon.read());
          assertTrue(daemon.kicks.get() > 0);
        });
  }

  @Test
  void writerWaitsForRoomAndLosesNothing() throws MachineFailure {
    play(
        daemon -> {
          String text = "0123456789".repeat(500);
          Task writer =
              daemon
                  .kernel
                  .cpu()
                  .process(
                      "cat",
                      self -> {
                        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                        daemon.console.write(bytes, bytes.length);
                        return 0;
                      });
          writer.wake();
          StringBuilder all = new StringBuilder();
          while (all.length() < text.length()) {
            Task.sleep(SECOND / 10);
            all.append(daemon.printed());
          }
          assertEquals(text, all.toString());
          assertEquals(0, writer.waitFor());
        });
  }

  @Test
  void outputIsLostWhileNoDaemonIsThere() throws MachineFailure {
    play(
        daemon -> {
          daemon.ring.connected(false);
          daemon.console.write(new byte[5000], 5000);
          assertEquals(2048, daemon.printed().length());
        });
  }

  @Test
  void impossibleIndicesLoseOutputOnly() throws MachineFailure {
    play(
        daemon -> {
          daemon.page.set(ValueLayout.JAVA_INT, OUTPUT_CONSUMER, 77_777);
          daemon.console.write(new byte[100], 100);
          daemon.page.set(ValueLayout.JAVA_INT, INPUT_PRODUCER, 77_777);
          daemon.irq.raise();
          Task.sleep(SECOND);
          daemon.page.set(ValueLayout.JAVA_INT, OUTPUT_CONSUMER, 0);
          daemon.page.set(ValueLayout.JAVA_INT, INPUT_PRODUCER, 0);
          daemon.type("x");
          assertEquals("x", daemon.read());
        });
  }

  @Test
  void controlCIsHeardAtOnceAndNotRead() throws MachineFailure {
    play(
        daemon -> {
          AtomicInteger heard = new AtomicInteger();
          daemon.console.onInterrupt(heard::incrementAndGet);
          daemon.type("a\u0003b");
          Task.sleep(SECOND);
          assertEquals(1, heard.get());
          assertEquals("ab", daemon.read());
          daemon.console.onInterrupt(null);
          daemon.type("\u0003x");
          Task.sleep(SECOND);
          daemon.console.onInterrupt(heard::incrementAndGet);
          assertEquals(2, heard.get());
          assertEquals("x", daemon.read());
        });
  }

  @Test
  void moreThanTheBufferWaitsInTheRing() throws MachineFailure {
    play(
        daemon -> {
          for (int i = 0; i < 5; i++) {
            daemon.type("x".repeat(1000));
            Task.sleep(SECOND / 10);
          }
          int total = 0;
          while (total < 5000) {
            total += daemon.read().length();
          }
          assertEquals(5000, total);
        });
  }

  @Test
  void eventsForNothingAreSpuriousAndOthersAreNot() throws MachineFailure {
    play(
        daemon -> {
          // One that is on its way while the bytes are taken has no reason either.
          assertEquals(List.of(false, false, true, true), daemon.endsOf(4));
          daemon.type("x");
          Task.sleep(SECOND);
          assertEquals("x", daemon.read());
          assertEquals(List.of(false), daemon.takeEnds());
          daemon.console.write(new byte[10], 10);
          assertEquals(List.of(false, false, true), daemon.endsOf(3));
          daemon.printed();
          Task.sleep(SECOND);
          assertEquals(List.of(false), daemon.takeEnds());
        });
  }

  @Test
  void closedConsoleEndsItsReader() throws MachineFailure {
    play(
        daemon -> {
          Task reader = daemon.kernel.cpu().process("sh", self -> daemon.console.read(new byte[1]));
          reader.wake();
          Task.sleep(SECOND);
          daemon.console.close();
          assertEquals(-1, reader.waitFor());
        });
  }
}
