package dev.xenbus.abi.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FrontBackRingTest {
  private static final int SLOT_BYTES = 112;
  private static final int ENTRIES = 32;

  private final RingPages pages = TestPages.ring(1);
  private FrontRing front;
  private BackRing back;

  @BeforeEach
  void connect() throws IOException {
    SharedRing.init(pages);
    front = new FrontRing(pages, SLOT_BYTES, RingPoint.NONE);
    back = BackRing.attach(pages, SLOT_BYTES, RingPoint.NONE);
  }

  private void request(int id) {
    pages.setInt(front.slot(front.reqProdPvt()), id);
    front.reqProdPvt(front.reqProdPvt() + 1);
  }

  private int takeRequest() {
    int id = pages.getInt(back.slot(back.reqCons()));
    back.reqCons(back.reqCons() + 1);
    return id;
  }

  private void respond(int id) {
    pages.setInt(back.slot(back.rspProdPvt()), id);
    back.rspProdPvt(back.rspProdPvt() + 1);
  }

  private int takeResponse() {
    int id = pages.getInt(front.slot(front.rspCons()));
    front.rspCons(front.rspCons() + 1);
    return id;
  }

  @Test
  void requestIsInvisibleUntilPushed() {
    request(7);
    assertEquals(0, back.unconsumedRequests());
    assertTrue(front.pushRequestsAndCheckNotify());
    assertEquals(1, back.unconsumedRequests());
    assertEquals(7, takeRequest());
    assertEquals(0, back.unconsumedRequests());
  }

  @Test
  void responseComesBackInTheSameSlots() {
    request(7);
    front.pushRequests();
    respond(takeRequest() + 1);
    assertEquals(0, front.unconsumedResponses());
    assertTrue(back.pushResponsesAndCheckNotify());
    assertEquals(1, front.unconsumedResponses());
    assertEquals(8, takeResponse());
  }

  @Test
  void secondPushDoesNotNotifyABusyBackend() {
    request(1);
    assertTrue(front.pushRequestsAndCheckNotify());
    request(2);
    assertFalse(front.pushRequestsAndCheckNotify());
  }

  @Test
  void pushOfNothingNeverNotifies() {
    assertFalse(front.pushRequestsAndCheckNotify());
    assertFalse(back.pushResponsesAndCheckNotify());
  }

  @Test
  void finalCheckArmsTheNextEvent() {
    request(1);
    front.pushRequestsAndCheckNotify();
    takeRequest();
    assertFalse(back.finalCheckForRequests());
    request(2);
    assertTrue(front.pushRequestsAndCheckNotify());
    assertTrue(back.finalCheckForRequests());
  }

  @Test
  void finalCheckForResponsesArmsTheNextEvent() {
    request(1);
    request(2);
    front.pushRequests();
    respond(takeRequest());
    assertTrue(back.pushResponsesAndCheckNotify());
    takeResponse();
    assertFalse(front.finalCheckForResponses());
    respond(takeRequest());
    assertTrue(back.pushResponsesAndCheckNotify());
    assertTrue(front.finalCheckForResponses());
  }

  @Test
  void finalCheckSeesARequestThatCameBetweenItsTwoLooks() throws IOException {
    int[] points = {0};
    BackRing racing =
        BackRing.attach(
            pages,
            SLOT_BYTES,
            () -> {
              points[0]++;
              if (points[0] == 5) { // 2 of attach, look, arm, and now the second look
                request(1);
                assertTrue(front.pushRequestsAndCheckNotify());
              }
            });
    assertTrue(racing.finalCheckForRequests());
    assertEquals(5, points[0]);
  }

  @Test
  void fullRingTakesNoMore() {
    for (int i = 0; i < ENTRIES; i++) {
      assertFalse(front.isFull());
      request(i);
    }
    assertTrue(front.isFull());
    assertEquals(0, front.freeRequests());
  }

  @Test
  void backendSeesOnlyRequestsWhoseResponseHasRoom() {
    for (int i = 0; i < ENTRIES; i++) {
      request(i);
    }
    front.pushRequests();
    assertEquals(ENTRIES, back.unconsumedRequests());
    for (int i = 0; i < ENTRIES; i++) {
      takeRequest();
    }
    // A hostile frontend pushes another round before any response.
    pages.setInt(SharedRing.REQ_PROD, 2 * ENTRIES);
    assertEquals(0, back.unconsumedRequests());
    assertTrue(back.isRequestOverflow(back.reqProd()));
    assertTrue(back.isConsumerOverflow(back.reqCons()));
  }

  @Test
  void producerFarAheadIsClampedAndTold() {
    for (int prod : new int[] {ENTRIES + 1, Integer.MIN_VALUE, Integer.MAX_VALUE, -1}) {
      pages.setInt(SharedRing.REQ_PROD, prod);
      assertEquals(ENTRIES, back.unconsumedRequests());
      assertTrue(back.isRequestOverflow(prod));
    }
    pages.setInt(SharedRing.REQ_PROD, ENTRIES);
    assertFalse(back.isRequestOverflow(ENTRIES));
    assertFalse(back.isConsumerOverflow(ENTRIES - 1));
    assertTrue(back.isConsumerOverflow(ENTRIES));
  }

  @Test
  void tooManyResponsesBreakTheFrontend() {
    pages.setInt(SharedRing.RSP_PROD, ENTRIES);
    assertEquals(ENTRIES, front.unconsumedResponses());
    pages.setInt(SharedRing.RSP_PROD, ENTRIES + 1);
    assertEquals(FrontRing.BROKEN, front.unconsumedResponses());
    pages.setInt(SharedRing.RSP_PROD, -1);
    assertEquals(FrontRing.BROKEN, front.unconsumedResponses());
    assertTrue(front.isResponseOverflow(front.rspProd()));
  }

  @Test
  void attachGoesOnWhereTheLastBackendStopped() throws IOException {
    pages.setInt(SharedRing.REQ_PROD, 12);
    pages.setInt(SharedRing.RSP_PROD, 10);
    BackRing next = BackRing.attach(pages, SLOT_BYTES, RingPoint.NONE);
    assertEquals(10, next.reqCons());
    assertEquals(10, next.rspProdPvt());
    assertEquals(2, next.unconsumedRequests());
  }

  @Test
  void attachToImpossibleIndicesFails() throws IOException {
    pages.setInt(SharedRing.RSP_PROD, 10);
    pages.setInt(SharedRing.REQ_PROD, 10 + ENTRIES);
    BackRing.attach(pages, SLOT_BYTES, RingPoint.NONE);
    pages.setInt(SharedRing.REQ_PROD, 10 + ENTRIES + 1);
    assertThrows(IOException.class, () -> BackRing.attach(pages, SLOT_BYTES, RingPoint.NONE));
    pages.setInt(SharedRing.REQ_PROD, 9);
    assertThrows(IOException.class, () -> BackRing.attach(pages, SLOT_BYTES, RingPoint.NONE));
  }

  @Test
  void closedPagesStopBothEnds() {
    pages.close();
    assertThrows(IllegalStateException.class, () -> front.pushRequests());
    assertThrows(IllegalStateException.class, () -> front.rspProd());
    assertThrows(IllegalStateException.class, () -> back.unconsumedRequests());
    assertThrows(IllegalStateException.class, () -> pages.getInt(0));
  }

  @Test
  void everyRequestIsAnsweredOnceOverRandomBatchesAndTheWrap() throws IOException {
    long seed = Long.getLong("seed", 20260101L);
    Random random = new Random(seed);
    int start = -500;
    pages.setInt(SharedRing.REQ_PROD, start);
    pages.setInt(SharedRing.RSP_PROD, start);
    front.reqProdPvt(start);
    front.rspCons(start);
    back = BackRing.attach(pages, SLOT_BYTES, RingPoint.NONE);
    ArrayDeque<Integer> taken = new ArrayDeque<>();
    int asked = 0;
    int answered = 0;
    while (answered < 2000) {
      for (int i = random.nextInt(front.freeRequests() + 1); i > 0; i--) {
        request(asked++);
      }
      front.pushRequestsAndCheckNotify();
      for (int i = random.nextInt(back.unconsumedRequests() + 1); i > 0; i--) {
        taken.add(takeRequest());
      }
      for (int i = random.nextInt(taken.size() + 1); i > 0; i--) {
        respond(taken.remove());
      }
      back.pushResponsesAndCheckNotify();
      for (int i = random.nextInt(front.unconsumedResponses() + 1); i > 0; i--) {
        assertEquals(answered++, takeResponse(), "seed " + seed);
      }
    }
  }
}
