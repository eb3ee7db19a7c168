package dev.xenbus.xs;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.StoreLink;
import dev.xenbus.testkit.TestKernel;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.testkit.TestStore;
import dev.xenbus.testkit.TestXen;
import java.util.List;

/// A kernel with its xenbus and a scripted store, for one scenario.
final class XsBench implements AutoCloseable {
  final Machine machine;
  final TestXen xen = new TestXen();
  final TestStore store;
  final TestKernel kernel;
  final StoreLink link;
  final XenbusXs xs;

  /// How many watches there were as soon as it had started.
  final int watchesAtStart;

  XsBench(Machine machine, Domid domid, Mtwatch mtwatch) throws NoThread, KernelException {
    this.machine = machine;
    store = new TestStore(machine, xen);
    kernel = new TestKernel(machine, xen, domid);
    link = store.connect(kernel);
    StoreConnection.Kind kind =
        domid.equals(Domid.DOM0) ? StoreConnection.Kind.LOCAL : StoreConnection.Kind.PV;
    xs = new XenbusXs(kernel, new StoreConnection(kind, link.page(), link::open), mtwatch);
    xs.start();
    watchesAtStart = xs.watchCount();
    if (mtwatch == Mtwatch.SUMMIT && domid.equals(Domid.DOM0)) {
      // The two watches for domains, and the first event of each.
      await(() -> store.log().stream().filter(l -> l.endsWith(" /local/domain")).count() == 2);
    }
  }

  XsBench(Machine machine, Mtwatch mtwatch) throws NoThread, KernelException {
    this(machine, Domid.DOM0, mtwatch);
  }

  Cpu cpu() {
    return kernel.cpu();
  }

  /// Returns options that route by the number behind the last slash but one: `x/<domid>/y`.
  static WatchOptions byPath() {
    return WatchOptions.DEFAULT.with(path -> Domid.of(number(path)));
  }

  private static int number(String path) {
    String[] parts = path.split("/", -1);
    return parts.length >= 3 && parts[1].chars().allMatch(Character::isDigit)
        ? Integer.parseInt(parts[1])
        : 0;
  }

  static WatchOptions ownedBy(int domid) {
    return WatchOptions.DEFAULT.with(new WatchOptions.OwnedBy(Domid.of(domid)));
  }

  /// Starts a kernel thread.
  Task spawn(String comm, Runnable what) throws NoThread {
    return kernel.spawn(comm, what);
  }

  List<String> threads() {
    return machine.tasks().stream()
        .filter(task -> task.state() != Task.State.Z)
        .map(Task::comm)
        .filter(comm -> comm.startsWith("xen"))
        .toList();
  }

  /// Returns the lines of the file of queues.
  List<String> queues() {
    try {
      return kernel.files().read("/sys/kernel/debug/xenwatch/queues").lines().toList();
    } catch (KernelException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Returns whether no event waits and no callback runs.
  boolean isIdle() {
    return queues().stream().skip(1).allMatch(line -> line.matches("\\S+ +0 +\\d+ -"));
  }

  /// Makes a domain known, and waits for its thread in the version of the summit.
  void introduce(int domid) {
    store.write("/local/domain/" + domid + "/name", "guest");
    store.special("@introduceDomain");
    await(() -> hasThread("xen-mtwatch-" + domid));
  }

  boolean hasThread(String comm) {
    return threads().contains(comm);
  }

  void await(java.util.function.BooleanSupplier holds) {
    TestMachines.await(holds);
  }

  @Override
  public void close() {
    xs.close();
    store.stop();
  }
}
