package dev.xenbus.netback;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import java.util.List;

/// A file for each queue, with its rings' indices; writing `kick` to it runs its interrupt handler
/// once.
///
/// Mirrors `xenvif_debugfs_addif` (`drivers/net/xen-netback/xenbus.c`).
final class DebugFiles {
  private static final String ROOT = "/sys/kernel/debug/xen-netback/";
  private static final String KICK = "kick";

  private DebugFiles() {}

  /// Adds the files of a connected interface.
  static void add(KernelFiles files, String vif, List<VifQueue> queues) {
    for (VifQueue queue : queues) {
      files.add(path(vif) + "/io_ring_q" + queue.id(), new RingFile(queue));
    }
  }

  /// Removes the files of an interface; without effect if there are none.
  static void remove(KernelFiles files, String vif) {
    files.remove(path(vif));
  }

  private static String path(String vif) {
    return ROOT + vif;
  }

  /// The file of one queue.
  ///
  /// @param queue the queue
  private record RingFile(VifQueue queue) implements KernelFiles.KernelFile {
    @Override
    public String read() {
      return queue.describe();
    }

    @Override
    public void write(String text) throws KernelException {
      if (!text.strip().equals(KICK)) {
        throw new KernelException(Errno.EINVAL, "Unknown command to io_ring_q. Available: kick");
      }
      queue.kick();
    }
  }
}
