package dev.xenbus.emulator;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.KernelSymbol;

/// Does what the toolstack writes to `control/sysrq`, one magic key. Mirrors `sysrq_handler`
/// (`drivers/xen/manage.c`): a node that the guest may not write, as toolstacks before 4.12 leave
/// it, is a complaint and nothing else.
final class SysrqWatch {
  private static final String FOLDER = "control";
  private static final String NODE = "sysrq";

  private final LinuxKernel kernel;
  private final Xenbus xenbus;

  SysrqWatch(LinuxKernel kernel, Xenbus xenbus) {
    this.kernel = kernel;
    this.xenbus = xenbus;
  }

  void start() throws KernelException {
    try {
      xenbus.watch(FOLDER + "/" + NODE, path -> handle());
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), FOLDER + "/" + NODE, e);
    }
  }

  @KernelSymbol("sysrq_handler")
  private void handle() {
    String keys;
    try {
      keys = xenbus.transaction(this::acknowledge);
    } catch (XenstoreException e) {
      // Not there: the watch fires at once when it is set, and after a resume.
      if (e.errno() != Errno.ENOENT) {
        kernel
            .printk()
            .error(
                "xen:manage: sysrq_handler: Error %d writing sysrq in control/sysrq"
                    .formatted(-e.errno().number()));
      }
      return;
    }
    if (!keys.isEmpty()) {
      kernel.handleSysrq(keys.charAt(0));
    }
  }

  private String acknowledge(XenbusTransaction tx) throws XenstoreException {
    String keys = xenbus.read(tx, FOLDER, NODE);
    if (!keys.isEmpty()) {
      xenbus.write(tx, FOLDER, NODE, "");
    }
    return keys;
  }
}
