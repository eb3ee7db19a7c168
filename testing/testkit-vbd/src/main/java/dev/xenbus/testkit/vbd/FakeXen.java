package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainControl.BootSpec;
import dev.xenbus.abi.hypercall.DomainControl.DomainSpec;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.hypervisor.GuestStart;
import dev.xenbus.hypervisor.Hypervisor;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;

/// A host: a real hypervisor, and a store in miniature that all domains share.
public final class FakeXen {
  private static final int MEMORY_MIB = 256;
  private static final int GUEST_MIB = 64;
  private static final long BOOT_NANOS = 100_000;

  private final FakeStore store = new FakeStore();
  private final Hypervisor xen;
  private final FakeKernel dom0;
  private final ConcurrentSkipListMap<Domid, FakeKernel> guests = new ConcurrentSkipListMap<>();
  private final List<String> faults = new ArrayList<>();

  /// Makes a host with its dom0.
  public FakeXen(Machine machine) {
    xen = new Hypervisor(machine, Hypervisor.Options.ofMemory(MEMORY_MIB), this::boot);
    dom0 = new FakeKernel(this, xen.dom0Cpu(), xen.dom0());
  }

  private void boot(GuestStart start) {
    guests.put(start.domid(), new FakeKernel(this, start.cpu(), start.hypercalls()));
  }

  /// Returns dom0's kernel.
  public FakeKernel dom0() {
    return dom0;
  }

  /// Makes the next domain, 1 first, and waits until its kernel is there. In a task.
  public FakeKernel guest() {
    Domid domid;
    try {
      DomainControl control = xen.dom0().domains();
      domid = control.create(new DomainSpec(new UUID(0, guests.size() + 1L), GUEST_MIB, 1));
      control.build(domid, new BootSpec("vmlinuz", "", ""));
      control.unpause(domid);
    } catch (HypercallException e) {
      throw new AssertionError(e);
    }
    FakeKernel kernel = guests.get(domid);
    while (kernel == null) {
      Task.sleep(BOOT_NANOS);
      kernel = guests.get(domid);
    }
    return kernel;
  }

  /// Returns the store.
  public FakeStore store() {
    return store;
  }

  synchronized void fault(String text) {
    faults.add(text);
  }

  /// Returns what went wrong in a callback.
  public synchronized List<String> faults() {
    return List.copyOf(faults);
  }
}
