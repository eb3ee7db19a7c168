package dev.xenbus.guest.command;

import dev.xenbus.abi.XenPage;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Memory that a disk reads into and writes from: whole pages of the kernel.
final class Buffer implements AutoCloseable {
  private final Pages pages;
  private final List<Page> taken = new ArrayList<>();

  /// Takes pages for so many bytes.
  ///
  /// @throws KernelException `ENOMEM`
  Buffer(Pages pages, int bytes) throws KernelException {
    this.pages = pages;
    try {
      for (int have = 0; have < bytes; have += XenPage.BYTES) {
        taken.add(pages.allocate());
      }
    } catch (KernelException e) {
      close();
      throw e;
    }
  }

  /// Returns its first bytes as a request wants them.
  List<BlockRequest.Segment> segments(int bytes) {
    List<BlockRequest.Segment> segments = new ArrayList<>();
    for (int done = 0; done < bytes; done += XenPage.BYTES) {
      MemorySegment memory = taken.get(done / XenPage.BYTES).memory();
      segments.add(new BlockRequest.Segment(memory, 0, Math.min(XenPage.BYTES, bytes - done)));
    }
    return segments;
  }

  void clear() {
    taken.forEach(page -> page.memory().fill((byte) 0));
  }

  void randomize(RandomGenerator random) {
    for (Page page : taken) {
      for (long at = 0; at < XenPage.BYTES; at += Long.BYTES) {
        page.memory().set(ValueLayout.JAVA_LONG, at, random.nextLong());
      }
    }
  }

  /// Copies its first bytes out.
  byte[] toBytes(int bytes) {
    byte[] all = new byte[bytes];
    for (int done = 0; done < bytes; done += XenPage.BYTES) {
      MemorySegment memory = taken.get(done / XenPage.BYTES).memory();
      MemorySegment.copy(
          memory, ValueLayout.JAVA_BYTE, 0, all, done, Math.min(XenPage.BYTES, bytes - done));
    }
    return all;
  }

  /// Gives the pages back. May be called twice.
  @Override
  public void close() {
    taken.forEach(pages::free);
    taken.clear();
  }
}
