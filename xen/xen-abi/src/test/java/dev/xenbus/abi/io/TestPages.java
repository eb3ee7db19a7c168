package dev.xenbus.abi.io;

import dev.xenbus.abi.XenPage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Native pages for tests.
final class TestPages {
  private TestPages() {}

  static MemorySegment page() {
    return Arena.ofAuto().allocate(XenPage.BYTES, XenPage.BYTES);
  }

  static RingPages ring(int pages) {
    List<MemorySegment> list = new ArrayList<>();
    for (int i = 0; i < pages; i++) {
      list.add(page());
    }
    return RingPages.of(list);
  }
}
