package dev.xenbus.testkit.vbd;

import dev.xenbus.machine.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// What all domains share: the store, grants by granter, event channels.
public final class FakeXen {
  private final Machine machine;
  private final FakeStore store;
  private final TreeMap<Integer, FakeKernel> kernels = new TreeMap<>();
  private final List<String> faults = new ArrayList<>();

  /// Makes a host without domains.
  public FakeXen(Machine machine) {
    this.machine = machine;
    this.store = new FakeStore();
  }

  /// Makes a domain with its kernel.
  public FakeKernel boot(int domid) {
    var kernel = new FakeKernel(this, machine.cpu("dom" + domid), domid);
    kernels.put(domid, kernel);
    return kernel;
  }

  FakeKernel kernel(int domid) {
    FakeKernel kernel = kernels.get(domid);
    if (kernel == null) {
      throw new IllegalStateException("no domain " + domid);
    }
    return kernel;
  }

  boolean exists(int domid) {
    return kernels.containsKey(domid);
  }

  /// Returns the store.
  public FakeStore store() {
    return store;
  }

  /// Returns the machine.
  public Machine machine() {
    return machine;
  }

  synchronized void fault(String text) {
    faults.add(text);
  }

  /// Returns what went wrong in a callback.
  public synchronized List<String> faults() {
    return List.copyOf(faults);
  }
}
