package dev.xenbus.linux.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A client and a discarding server, segment by segment.
class TcpPeerTest {
  private static final int CLIENT_ISN = -3; // so that numbers wrap
  private static final int SERVER_ISN = 1000;
  private static final long SECOND = 1_000_000_000L;

  private final List<TcpSegment> toServer = new ArrayList<>();
  private final List<TcpSegment> toClient = new ArrayList<>();
  private TcpPeer client = TcpPeer.connect(CLIENT_ISN, 1460, 0, toServer);
  private TcpPeer server = client;

  @BeforeEach
  void acceptSyn() {
    server = TcpPeer.accept(toServer.removeFirst(), SERVER_ISN, 1460, 0, toClient);
  }

  private void connect() {
    exchange();
    assertEquals(TcpPeer.State.ESTABLISHED, client.state());
    assertEquals(TcpPeer.State.ESTABLISHED, server.state());
  }

  /// Carries segments until nobody has any.
  private void exchange() {
    while (!toServer.isEmpty() || !toClient.isEmpty()) {
      if (!toServer.isEmpty()) {
        server.input(toServer.removeFirst(), 0, toClient);
      } else {
        client.input(toClient.removeFirst(), 0, toServer);
      }
    }
  }

  @Test
  void threeSegmentsConnect() {
    TcpSegment synAck = toClient.getFirst();
    assertEquals(TcpSegment.SYN | TcpSegment.ACK, synAck.flags());
    assertEquals(CLIENT_ISN + 1, synAck.acknowledgment());
    connect();
    assertFalse(client.isWaiting());
    assertFalse(server.isWaiting());
  }

  @Test
  void dataAreAcknowledgedAcrossTheWrap() {
    connect();
    client.send(new byte[5000], 0, toServer);
    assertEquals(1, toServer.size());
    assertEquals(5000, toServer.getFirst().length());
    exchange();
    assertEquals(5000, client.acknowledgedBytes());
    assertEquals(5000, server.receivedBytes());
    assertEquals(0, client.queuedBytes());
  }

  @Test
  void partlyAcknowledgedSegmentIsCut() {
    connect();
    client.send(new byte[3000], 0, toServer);
    TcpSegment sent = toServer.removeFirst();
    client.input(
        TcpSegment.control(TcpSegment.ACK, SERVER_ISN + 1, sent.sequence() + 1460, 65_535),
        0,
        toServer);
    assertEquals(1460, client.acknowledgedBytes());
    client.tick(2 * SECOND, toServer);
    TcpSegment again = toServer.removeFirst();
    assertEquals(sent.sequence() + 1460, again.sequence());
    assertEquals(1540, again.length());
    assertEquals(1460, again.from());
  }

  @Test
  void threeDuplicatesSendAgainAtOnce() {
    connect();
    client.send(new byte[3000], 0, toServer);
    TcpSegment lost = toServer.removeFirst();
    for (int i = 0; i < 3; i++) {
      client.input(
          TcpSegment.control(TcpSegment.ACK, SERVER_ISN + 1, lost.sequence(), 65_535), 0, toServer);
    }
    assertEquals(1, client.retransmits());
    exchange();
    assertEquals(3000, client.acknowledgedBytes());
  }

  @Test
  void timeOutDoublesAndEndsTheConnection() {
    connect();
    client.send(new byte[10], 0, toServer);
    toServer.clear();
    long now = 0;
    for (int tries = 0; tries < TcpPeer.DATA_TRIES_MAX; tries++) {
      client.tick(now + (SECOND << tries) - 1, toServer);
      assertTrue(toServer.isEmpty());
      now += SECOND << tries;
      client.tick(now, toServer);
      assertEquals(1, toServer.size());
      toServer.clear();
    }
    client.tick(now + (SECOND << TcpPeer.DATA_TRIES_MAX), toServer);
    assertEquals(TcpPeer.State.CLOSED, client.state());
    assertEquals(Errno.ETIMEDOUT, client.error());
  }

  @Test
  void closedWindowIsProbed() {
    connect();
    client.input(
        TcpSegment.control(TcpSegment.ACK, SERVER_ISN + 1, CLIENT_ISN + 1, 0), 0, toServer);
    client.send(new byte[5000], 0, toServer);
    assertTrue(toServer.isEmpty());
    assertTrue(client.isWaiting());
    client.tick(SECOND, toServer);
    assertEquals(1460, toServer.getFirst().length());
    exchange();
    assertEquals(5000, client.acknowledgedBytes());
  }

  @Test
  void closeEndsBothSides() {
    connect();
    client.send(new byte[10], 0, toServer);
    client.close(0, toServer);
    exchange();
    assertEquals(TcpPeer.State.CLOSED, client.state());
    assertEquals(TcpPeer.State.CLOSED, server.state());
    assertNull(client.error());
    assertEquals(10, server.receivedBytes());
  }

  @Test
  void resetOutsideOfTheWindowIsIgnored() {
    connect();
    client.input(TcpSegment.control(TcpSegment.RST, SERVER_ISN - 100, 0, 0), 0, toServer);
    assertEquals(TcpPeer.State.ESTABLISHED, client.state());
    client.input(TcpSegment.control(TcpSegment.RST, SERVER_ISN + 1, 0, 0), 0, toServer);
    assertEquals(TcpPeer.State.CLOSED, client.state());
    assertEquals(Errno.ECONNRESET, client.error());
  }

  @Test
  void answersToAnswersAreNotAnswered() {
    connect();
    client.input(TcpSegment.control(TcpSegment.ACK, 5, 5, 100), 0, toServer);
    assertTrue(toServer.isEmpty());
  }

  @Test
  void acknowledgmentOfWhatWasNotSentChangesNothing() {
    connect();
    client.send(new byte[10], 0, toServer);
    toServer.clear();
    client.input(
        TcpSegment.control(TcpSegment.ACK, SERVER_ISN + 1, CLIENT_ISN + 5000, 100), 0, toServer);
    assertEquals(0, client.acknowledgedBytes());
    assertEquals(TcpPeer.State.ESTABLISHED, client.state());
  }

  @Test
  void tinySegmentSizeOfAHostilePeerIsRaised() {
    List<TcpSegment> out = new ArrayList<>();
    TcpSegment syn = new TcpSegment(0, 0, TcpSegment.SYN, 100, TcpSegment.Bytes.NONE, 0, 0, 1);
    assertEquals(64, TcpPeer.accept(syn, 0, 1460, 0, out).segmentBytes());
  }

  @Test
  void dataOutOfOrderAreAskedForAgain() {
    connect();
    client.send(new byte[100], 0, toServer);
    client.send(new byte[100], 0, toServer);
    TcpSegment first = toServer.removeFirst();
    exchange();
    assertEquals(0, server.receivedBytes());
    server.input(first, 0, toClient);
    exchange();
    assertEquals(100, server.receivedBytes());
    client.tick(SECOND, toServer);
    exchange();
    assertEquals(200, server.receivedBytes());
    assertEquals(200, client.acknowledgedBytes());
  }

  @Test
  void whatFollowedALossIsSentAgainWithoutAnotherTimeOut() {
    connect();
    for (int i = 0; i < 5; i++) {
      client.send(new byte[100], 0, toServer);
    }
    toServer.clear();
    client.tick(SECOND, toServer);
    exchange();
    assertEquals(500, client.acknowledgedBytes());
    assertEquals(5, client.retransmits());
    client.send(new byte[100], 0, toServer);
    client.send(new byte[100], 0, toServer);
    exchange();
    assertEquals(5, client.retransmits());
  }
}
