package dev.xenbus.jmh;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.testkit.StoreLink;
import dev.xenbus.testkit.TestKernel;
import dev.xenbus.testkit.TestStore;
import dev.xenbus.testkit.TestXen;
import dev.xenbus.xs.Mtwatch;
import dev.xenbus.xs.StoreConnection;
import dev.xenbus.xs.XenbusXs;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// One watch event from the store's ring to the end of its callback in dom0's kernel: the store's
/// end of the ring, the interrupt, the thread `xenbus`, the dispatcher, the thread of the callback.
///
/// Each guest has one watch whose events are routed to it; events go to the guests in turn.
/// [#alone] waits for each callback: the latency. [#crowd] lets [#WINDOW] be on their way: what it
/// costs when there is much to do.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class EventBenchmark {
  private static final int EVENTS = 1_000;
  private static final int WINDOW = 64;

  /// How events are handed out.
  @Param({"OFF", "SERIES", "SUMMIT"})
  public Mtwatch mtwatch;

  /// How many guests there are.
  @Param({"1", "100", "10000"})
  public int guests;

  private LiveMachine machine;
  private TestStore store;
  private StoreLink link;
  private XenbusXs xs;
  private WaitQueue ran;
  private final List<String> tokens = new ArrayList<>();
  private final AtomicLong done = new AtomicLong();
  private long sent;

  /// Makes a kernel with a watch for each guest.
  @Setup(Level.Trial)
  public void boot() throws Exception {
    machine = new LiveMachine();
    machine.submit("bench", this::makeKernel).await();
  }

  private boolean makeKernel() throws Exception {
    TestXen xen = new TestXen();
    store = new TestStore(machine, xen);
    TestKernel kernel = new TestKernel(machine, xen, Domid.DOM0);
    ran = kernel.cpu().waitQueue("bench");
    link = store.connect(kernel);
    xs =
        new XenbusXs(
            kernel,
            new StoreConnection(StoreConnection.Kind.LOCAL, link.page(), link::open),
            mtwatch);
    xs.start();
    for (int guest = 1; guest <= guests; guest++) {
      introduce(guest);
      xs.watch(
          "guest/" + guest,
          WatchOptions.DEFAULT.with(new WatchOptions.OwnedBy(Domid.of(guest))),
          _ -> {
            done.incrementAndGet();
            ran.wakeAll();
          });
      tokens.add(store.tokens(link, "guest/" + guest).getFirst());
    }
    awaitDone(guests); // the first event of each watch
    sent = done.get();
    return true;
  }

  /// The design of the summit makes a guest's thread when the guest is introduced.
  private void introduce(int guest) {
    if (mtwatch == Mtwatch.SUMMIT) {
      store.write("/local/domain/" + guest + "/name", "guest");
      store.special("@introduceDomain");
      String comm = "xen-mtwatch-" + guest;
      while (machine.tasks().stream().noneMatch(task -> task.comm().equals(comm))) {
        Task.sleep(1_000);
      }
    }
  }

  /// An event and its callback, one after the other.
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long alone() throws Exception {
    return send(1);
  }

  /// Events and callbacks, many at once.
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long crowd() throws Exception {
    return send(WINDOW);
  }

  private long send(int window) throws Exception {
    return machine
        .submit(
            "bench",
            () -> {
              for (int i = 0; i < EVENTS; i++) {
                int guest = (int) (sent % guests);
                store.event(link, "guest/" + (guest + 1), tokens.get(guest));
                sent++;
                awaitDone(sent - window + 1);
              }
              awaitDone(sent);
              return sent;
            })
        .await();
  }

  private void awaitDone(long count) {
    ran.await(Task.State.S, WaitQueue.FOREVER, () -> done.get() >= count);
  }

  /// Ends the kernel.
  @TearDown(Level.Trial)
  public void powerOff() throws Exception {
    machine
        .submit(
            "bench",
            () -> {
              xs.close();
              store.stop();
              return true;
            })
        .await();
    machine.close();
  }
}
