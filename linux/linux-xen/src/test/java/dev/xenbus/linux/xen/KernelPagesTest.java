package dev.xenbus.linux.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelPagesTest {
  @Test
  void pagesComeZeroedAlsoWhenUsedAgain() throws Exception {
    TwoKernels.simulate(
        world -> {
          Pages pages = world.guest().pages();
          Page one = pages.allocate();
          Page two = pages.allocate();
          assertNotEquals(one.frame(), two.frame());
          assertTrue(one.frame() >= 16, "the builder's frames stay alone");
          one.memory().fill((byte) 1);
          pages.free(one);
          Page again = pages.allocate();
          assertEquals(one.frame(), again.frame());
          assertEquals(0, again.memory().get(ValueLayout.JAVA_LONG, 0));
          assertEquals(2, pages.inUse());
        });
  }

  @Test
  void memoryEndsWithEnomemAndNothingIsLost() throws Exception {
    TwoKernels.simulate(
        world -> {
          Pages pages = world.guest().pages();
          List<String> shortages = new ArrayList<>();
          pages.addShortageListener(() -> shortages.add("short"));
          List<Page> all = new ArrayList<>();
          for (int i = 0; i < 4096 - 16; i++) {
            all.add(pages.allocate());
          }
          assertEquals(Errno.ENOMEM, assertThrows(KernelException.class, pages::allocate).errno());
          assertEquals(List.of("short"), shortages);
          all.forEach(pages::free);
          assertEquals(0, pages.inUse());
          for (int i = 0; i < 4096 - 16; i++) {
            assertEquals(0, pages.allocate().memory().get(ValueLayout.JAVA_INT, 0));
          }
          assertThrows(KernelException.class, pages::allocate);
          assertEquals(4096, world.control.info(world.guestId()).orElseThrow().pages());
        });
  }
}
