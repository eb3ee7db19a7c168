package dev.xenbus.abi.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.XenstoreRing;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteRingTest {
  private final MemorySegment page = TestPages.page();
  private final XenstoreInterface store = new XenstoreInterface(page, RingPoint.NONE);

  private void index(long offset, int value) {
    page.set(ValueLayout.JAVA_INT, offset, value);
  }

  @Test
  void anySplitGivesTheSameBytes() {
    long seed = Long.getLong("seed", 20260101L);
    Random random = new Random(seed);
    byte[] sent = new byte[20_000];
    random.nextBytes(sent);
    index(XenstoreRing.REQ_CONS, -3000);
    index(XenstoreRing.REQ_PROD, -3000);
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    byte[] buffer = new byte[2000];
    int put = 0;
    while (received.size() < sent.length) {
      int wanted = Math.min(random.nextInt(1500), sent.length - put);
      put += store.requests().put(sent, put, wanted);
      assertTrue(store.requests().readable() <= 1024);
      int taken = store.requests().take(buffer, 0, random.nextInt(buffer.length));
      received.write(buffer, 0, taken);
    }
    assertArrayEquals(sent, received.toByteArray(), "seed " + seed);
  }

  @Test
  void oneCallStopsAtTheWrapPoint() {
    index(XenstoreRing.REQ_CONS, 1000);
    index(XenstoreRing.REQ_PROD, 1000);
    byte[] bytes = new byte[100];
    assertEquals(24, store.requests().put(bytes, 0, 100));
    assertEquals(76, store.requests().put(bytes, 24, 76));
    assertEquals(24, store.requests().take(bytes, 0, 100));
    assertEquals(76, store.requests().take(bytes, 24, 76));
    assertEquals(0, store.requests().take(bytes, 0, 100));
  }

  @Test
  void fullRingIsFullAndNotEmpty() {
    byte[] bytes = new byte[1024];
    assertEquals(1024, store.responses().put(bytes, 0, 1024));
    assertEquals(0, store.responses().writable());
    assertEquals(1024, store.responses().readable());
    assertEquals(0, store.responses().put(bytes, 0, 1));
    assertEquals(1024, store.responses().take(bytes, 0, 1024));
  }

  @Test
  void impossibleIndicesAreToldAndCopyNothing() {
    byte[] bytes = new byte[16];
    for (int used : new int[] {1025, Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
      index(XenstoreRing.REQ_CONS, 5);
      index(XenstoreRing.REQ_PROD, 5 + used);
      assertEquals(ByteRing.BROKEN, store.requests().readable());
      assertEquals(ByteRing.BROKEN, store.requests().writable());
      assertEquals(ByteRing.BROKEN, store.requests().take(bytes, 0, 16));
      assertEquals(ByteRing.BROKEN, store.requests().put(bytes, 0, 16));
      assertEquals(5, page.get(ValueLayout.JAVA_INT, XenstoreRing.REQ_CONS));
    }
  }

  @Test
  void randomIndicesNeverLeadOutsideTheRing() {
    long seed = Long.getLong("seed", 20260101L);
    Random random = new Random(seed);
    byte[] bytes = new byte[4096];
    for (int i = 0; i < 10_000; i++) {
      int cons = random.nextInt();
      index(XenstoreRing.RSP_CONS, cons);
      index(XenstoreRing.RSP_PROD, random.nextBoolean() ? random.nextInt() : cons + i % 1100);
      int readable = store.responses().readable();
      assertTrue(readable == ByteRing.BROKEN || (readable >= 0 && readable <= 1024));
      int taken = store.responses().take(bytes, 0, bytes.length);
      assertTrue(taken <= 1024, "seed " + seed);
      store.responses().put(bytes, 0, bytes.length);
      assertEquals(0, store.serverFeatures(), "the word behind the indices");
      assertEquals(0, store.requests().readable(), "the other ring");
    }
  }

  @Test
  void storeFieldsLieWhereTheHeaderSays() {
    store.init(3);
    assertEquals(3, page.get(ValueLayout.JAVA_INT, 2076));
    store.serverFeatures(14);
    store.connection(1);
    store.error(2);
    assertEquals(14, page.get(ValueLayout.JAVA_INT, 2064));
    assertEquals(1, page.get(ValueLayout.JAVA_INT, 2068));
    assertEquals(2, page.get(ValueLayout.JAVA_INT, 2072));
    byte[] bytes = {1, 2, 3};
    store.requests().put(bytes, 0, 3);
    store.responses().put(bytes, 1, 2);
    assertEquals(3, page.get(ValueLayout.JAVA_INT, 2052));
    assertEquals(2, page.get(ValueLayout.JAVA_INT, 2060));
    assertEquals(1, page.get(ValueLayout.JAVA_BYTE, 0));
    assertEquals(2, page.get(ValueLayout.JAVA_BYTE, 1024));
    store.resetIndices();
    assertEquals(0, store.requests().readable());
    assertEquals(0, page.get(ValueLayout.JAVA_INT, 2060));
  }

  @Test
  void consoleFieldsLieWhereTheHeaderSays() {
    ConsoleRing console = new ConsoleRing(page, RingPoint.NONE);
    console.init();
    assertFalse(console.connected());
    assertEquals(1, page.get(ValueLayout.JAVA_BYTE, 3088));
    console.connected(true);
    assertTrue(console.connected());
    byte[] bytes = {9};
    console.input().put(bytes, 0, 1);
    console.output().put(bytes, 0, 1);
    assertEquals(9, page.get(ValueLayout.JAVA_BYTE, 0));
    assertEquals(9, page.get(ValueLayout.JAVA_BYTE, 1024));
    assertEquals(1, page.get(ValueLayout.JAVA_INT, 3076));
    assertEquals(1, page.get(ValueLayout.JAVA_INT, 3084));
    console.input().take(bytes, 0, 1);
    console.output().take(bytes, 0, 1);
    assertEquals(1, page.get(ValueLayout.JAVA_INT, 3072));
    assertEquals(1, page.get(ValueLayout.JAVA_INT, 3080));
    assertEquals(1024, console.input().size());
    assertEquals(2048, console.output().size());
  }
}
