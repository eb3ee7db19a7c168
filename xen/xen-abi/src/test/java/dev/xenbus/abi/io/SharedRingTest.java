package dev.xenbus.abi.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SharedRingTest {
  @Test
  void entriesAreTheLargestPowerOfTwoThatFits() {
    int[] pages = {1, 2, 4, 8, 16};
    int[] slots = {32, 64, 128, 256, 512};
    for (int i = 0; i < pages.length; i++) {
      assertEquals(slots[i], SharedRing.entries(pages[i] * 4096L, 112), "blkif native");
      assertEquals(slots[i], SharedRing.entries(pages[i] * 4096L, 108), "blkif x86_32");
    }
    assertEquals(256, SharedRing.entries(4096, 12), "netif tx");
    assertEquals(256, SharedRing.entries(4096, 8), "netif rx");
    assertEquals(128, SharedRing.entries(4096, 16), "netif ctrl");
  }

  @Test
  void pagesWithoutRoomForASlotAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> SharedRing.entries(4096, 4033));
    assertThrows(IllegalArgumentException.class, () -> SharedRing.entries(4096, 0));
    assertEquals(1, SharedRing.entries(4096, 4032));
  }

  @Test
  void initWritesZeroIndicesAndThresholdsOfOne() {
    RingPages pages = TestPages.ring(1);
    for (int offset = 0; offset < SharedRing.SLOTS; offset += 4) {
      pages.setInt(offset, -1);
    }
    SharedRing.init(pages);
    assertEquals(0, pages.getInt(SharedRing.REQ_PROD));
    assertEquals(1, pages.getInt(SharedRing.REQ_EVENT));
    assertEquals(0, pages.getInt(SharedRing.RSP_PROD));
    assertEquals(1, pages.getInt(SharedRing.RSP_EVENT));
    for (int offset = 16; offset < SharedRing.SLOTS; offset += 4) {
      assertEquals(0, pages.getInt(offset));
    }
  }

  @Test
  void crossedHoldsForThresholdsAboveOldUpToNew() {
    assertFalse(SharedRing.crossed(5, 5, 8));
    assertTrue(SharedRing.crossed(6, 5, 8));
    assertTrue(SharedRing.crossed(7, 5, 8));
    assertTrue(SharedRing.crossed(8, 5, 8));
    assertFalse(SharedRing.crossed(9, 5, 8));
    assertFalse(SharedRing.crossed(5, 5, 5), "nothing new");
    assertFalse(SharedRing.crossed(6, 5, 5), "nothing new");
  }

  @Test
  void crossedSurvivesTheWrapOfTheIndices() {
    assertTrue(SharedRing.crossed(0, -1, 1));
    assertTrue(SharedRing.crossed(1, -1, 1));
    assertFalse(SharedRing.crossed(-1, -1, 1));
    assertFalse(SharedRing.crossed(2, -1, 1));
  }
}
