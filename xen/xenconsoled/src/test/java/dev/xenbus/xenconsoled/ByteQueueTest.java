package dev.xenbus.xenconsoled;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ByteQueueTest {
  private final ByteQueue queue = new ByteQueue(300);

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private String content() {
    byte[] into = new byte[queue.size()];
    queue.peek(into, into.length);
    return new String(into, StandardCharsets.US_ASCII);
  }

  @Test
  void takesNoMoreThanItsBound() {
    assertEquals(300, queue.put(new byte[1000], 0, 1000));
    assertEquals(0, queue.room());
    assertEquals(0, queue.put(new byte[1], 0, 1));
  }

  @Test
  void keepsOrderAcrossItsEnd() {
    queue.put(new byte[299], 0, 299);
    queue.drop(299);
    assertEquals(5, queue.put(bytes("abcde"), 0, 5));
    assertEquals("abcde", content());
  }

  @Test
  void growsWithoutLosingOrder() {
    queue.put(bytes("x".repeat(200)), 0, 200);
    queue.drop(200);
    queue.put(bytes("a".repeat(100)), 0, 100);
    queue.put(bytes("b".repeat(180)), 0, 180);
    assertEquals("a".repeat(100) + "b".repeat(180), content());
  }

  @Test
  void droppingOldestKeepsTheEnd() {
    queue.putDroppingOldest(bytes("x".repeat(299)), 299);
    queue.putDroppingOldest(bytes("abc"), 3);
    assertEquals("x".repeat(297) + "abc", content());
    queue.putDroppingOldest(bytes("y".repeat(400) + "z"), 401);
    assertEquals("y".repeat(299) + "z", content());
  }
}
