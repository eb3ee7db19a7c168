package dev.xenbus.hypervisor;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.ArrayList;
import java.util.List;

/// The whole machine sleeps (`enter_state`, `xen/arch/x86/acpi/power.c`): every domain is stopped,
/// guests first, dom0 last, and goes on in the reverse order.
///
/// A thread of Xen's own does it, since dom0's are stopped. It holds the control lock throughout.
final class MachineSleep {
  private final Hypervisor xen;
  private final long nanos;
  private final Completion awake;

  MachineSleep(Hypervisor xen, long nanos) {
    this.xen = xen;
    this.nanos = nanos;
    this.awake = xen.cpu().completion("acpi_sleep");
  }

  void run() throws HypercallException {
    try {
      xen.cpu().kthread("emu-acpi-sleep", self -> sleep()).wake();
    } catch (NoThread e) {
      throw new HypercallException(Errno.ENOMEM, "XENPF_enter_acpi_sleep: " + e.getMessage());
    }
    awake.await(WaitQueue.FOREVER);
  }

  @KernelSymbol("enter_state")
  private int sleep() {
    xen.controlLock().lock();
    try {
      List<Cpu> stopped = new ArrayList<>();
      for (Domain domain : xen.domains().all().reversed()) {
        Cpu cpu = domain.life().cpu();
        if (cpu != null && !domain.isDying()) {
          stop(domain, cpu);
          stopped.add(cpu);
        }
      }
      Task.sleep(nanos);
      stopped.reversed().forEach(Cpu::unpause);
    } finally {
      xen.controlLock().unlock();
    }
    awake.complete();
    return 0;
  }

  // Dom0 may have a task that waits outside for a connection: it stops when one comes.
  private void stop(Domain domain, Cpu cpu) {
    if (domain == xen.dom0Domain()) {
      cpu.pauseSoon();
    } else {
      cpu.pause();
    }
  }
}
