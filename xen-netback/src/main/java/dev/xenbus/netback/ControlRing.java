package dev.xenbus.netback;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.io.BackRing;
import dev.xenbus.abi.io.netif.ControlRequestLayout;
import dev.xenbus.abi.io.netif.ControlResponseLayout;
import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The control ring of an interface: a guest sets how its packets are spread over its queues.
///
/// Served by a thread of its own, as a threaded interrupt is; answers come in order. Mirrors
/// `xenvif_ctrl_irq_fn` and `process_ctrl_request` (`drivers/net/xen-netback`).
final class ControlRing implements AutoCloseable {
  private static final ValueLayout.OfInt ENTRY =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int PAGE_ENTRIES = XenPage.BYTES / Integer.BYTES;

  private final Vif vif;
  private final Kernel kernel;
  private final VifRing mapped;
  private final BackRing ring;
  private final Page staging;
  private final WaitQueue wait;
  private volatile boolean isPending;
  private volatile @Nullable EventChannel channel;
  private @Nullable Task task;
  private boolean isClosed;

  private ControlRing(Vif vif, VifRing mapped, Page staging) {
    this.vif = vif;
    this.kernel = vif.kernel();
    this.mapped = mapped;
    this.ring = mapped.ring();
    this.staging = staging;
    this.wait = kernel.cpu().waitQueue("irq_thread");
  }

  /// Maps the ring and serves it.
  ///
  /// @throws KernelException what mapping and binding say; `ENOMEM`. Nothing is left then
  static ControlRing connect(Vif vif, int ref, int port) throws KernelException {
    Page staging = vif.kernel().pages().allocate();
    ControlRing control;
    try {
      VifRing mapped = VifRing.map(vif.xenbusDevice(), ref, NetifLimits.CONTROL_SLOT_BYTES);
      control = new ControlRing(vif, mapped, staging);
    } catch (KernelException e) {
      vif.kernel().pages().free(staging);
      throw e;
    }
    try {
      control.start(port);
      return control;
    } catch (KernelException e) {
      control.close();
      throw e;
    }
  }

  private void start(int port) throws KernelException {
    String comm = "irq/" + port + "-xen-netback-ctrl";
    try {
      Task thread = kernel.cpu().kthread(comm, this::run);
      task = thread;
      thread.wake();
    } catch (NoThread e) {
      throw new KernelException(Errno.ENOMEM, "no thread for " + comm, e);
    }
    channel =
        kernel
            .events()
            .bindInterdomainLateEoi(
                vif.domid(),
                port,
                "xen-netback-ctrl",
                vif.xenbusDevice().eventStatistics(),
                _ -> interrupt());
    // An event that came before the channel was known has yet to be ended.
    interrupt();
  }

  private void interrupt() {
    isPending = true;
    wait.wakeAll();
  }

  private int run(Task self) {
    while (true) {
      wait.await(Task.State.S, WaitQueue.FOREVER, () -> self.shouldStop() || isPending);
      if (self.shouldStop()) {
        return 0;
      }
      isPending = false;
      if (ring.isRequestOverflow(ring.reqProd())) {
        // No end of the interrupt: nobody listens to this guest any more.
        vif.log(Printk.Level.ERR, "Impossible number of control requests");
        wait.await(Task.State.S, WaitQueue.FOREVER, self::shouldStop);
        return 0;
      }
      boolean isSpurious = !serve();
      EventChannel events = channel;
      if (events != null) {
        events.eoi(isSpurious);
      }
    }
  }

  /// Answers what is there.
  ///
  /// Differs: the kernel believes an impossible index, and answers what was never asked.
  ///
  /// @return whether there was anything
  private boolean serve() {
    boolean isUseful = false;
    for (int left = ring.unconsumedRequests(); left > 0; left--) {
      answer();
      isUseful = true;
    }
    if (ring.finalCheckForRequests()) {
      isPending = true;
      Task.relax();
    }
    return isUseful;
  }

  private void answer() {
    long slot = ring.slot(ring.reqCons());
    // Read once, before the answer is written to the same place.
    int id = ControlRequestLayout.id(ring.pages(), slot);
    int type = ControlRequestLayout.type(ring.pages(), slot);
    int data0 = ControlRequestLayout.data(ring.pages(), slot, 0);
    int data1 = ControlRequestLayout.data(ring.pages(), slot, 1);
    int data2 = ControlRequestLayout.data(ring.pages(), slot, 2);
    ring.reqCons(ring.reqCons() + 1);
    int status = process(type, data0, data1, data2);
    int result = status == ControlResponseLayout.SUCCESS ? result(type) : 0;
    long answerSlot = ring.slot(ring.rspProdPvt());
    ControlResponseLayout.write(ring.pages(), answerSlot, id, type, status, result);
    ring.rspProdPvt(ring.rspProdPvt() + 1);
    EventChannel events = channel;
    if (ring.pushResponsesAndCheckNotify() && events != null) {
      events.send();
    }
  }

  private int process(int type, int data0, int data1, int data2) {
    HashState hash = vif.hash();
    return switch (type) {
      case ControlRequestLayout.GET_HASH_FLAGS ->
          hash.hasFlags() ? ControlResponseLayout.SUCCESS : ControlResponseLayout.NOT_SUPPORTED;
      case ControlRequestLayout.SET_HASH_FLAGS -> hash.setFlags(data0);
      case ControlRequestLayout.SET_HASH_KEY -> setKey(data0, data1);
      case ControlRequestLayout.GET_HASH_MAPPING_SIZE -> ControlResponseLayout.SUCCESS;
      case ControlRequestLayout.SET_HASH_MAPPING_SIZE -> hash.setMappingSize(data0);
      case ControlRequestLayout.SET_HASH_MAPPING -> setMapping(data0, data1, data2);
      case ControlRequestLayout.SET_HASH_ALGORITHM -> hash.setAlgorithm(data0);
      default -> ControlResponseLayout.NOT_SUPPORTED;
    };
  }

  private static int result(int type) {
    return switch (type) {
      case ControlRequestLayout.GET_HASH_FLAGS -> ControlRequestLayout.HASH_FLAGS_ALL;
      case ControlRequestLayout.GET_HASH_MAPPING_SIZE -> HashState.MAPPING_ENTRIES_MAX;
      default -> 0;
    };
  }

  private int setKey(int ref, int length) {
    if (Integer.compareUnsigned(length, HashState.KEY_BYTES_MAX) > 0 || !copy(ref, length)) {
      return ControlResponseLayout.INVALID_PARAMETER;
    }
    return vif.hash().setKey(staging.memory().asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
  }

  private int setMapping(int ref, int count, int first) {
    boolean fits =
        Integer.compareUnsigned(count, PAGE_ENTRIES) <= 0 && vif.hash().isInMapping(first, count);
    if (!fits || !copy(ref, count * Integer.BYTES)) {
      return ControlResponseLayout.INVALID_PARAMETER;
    }
    int[] entries = staging.memory().asSlice(0, (long) count * Integer.BYTES).toArray(ENTRY);
    return vif.hash().setMapping(first, entries);
  }

  /// Copies the start of a page of the guest, so that it is checked and used as it is now.
  private boolean copy(int ref, int length) {
    if (length == 0) {
      return true;
    }
    GrantCopy copy =
        new GrantCopy()
            .fromGrant(vif.domid().value(), ref, 0)
            .toFrame(staging.frame(), 0)
            .length(length);
    kernel.grants().copy(List.of(copy));
    return copy.status() == GrantStatus.OKAY;
  }

  /// Ends the thread and unmaps. May be called twice.
  @Override
  public void close() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    EventChannel events = channel;
    if (events != null) {
      events.close();
    }
    Task thread = task;
    if (thread != null) {
      thread.stop();
    }
    mapped.close();
    kernel.pages().free(staging);
  }
}
