package dev.xenbus.xenstored.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.machine.MachineFailure;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/// Streams within the machine: framing, pipelining, readers that do not read.
class PipeTest {
  @Test
  void framesMayComeInPiecesOfAnySize() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer peer = rig.pipe();
          byte[] write = RingPeer.frame(MessageType.WRITE, 1, "/a|value");
          byte[] read = RingPeer.frame(MessageType.READ, 2, "/a|");
          byte[] empty = RingPeer.frame(MessageType.READ, 3, "");
          ByteBuffer all = ByteBuffer.allocate(write.length + read.length + empty.length);
          all.put(write).put(read).put(empty);
          for (int piece = 1; piece < all.capacity(); piece += 5) {
            for (int at = 0; at < all.capacity(); at += piece) {
              int length = Math.min(piece, all.capacity() - at);
              byte[] part = new byte[length];
              all.get(at, part);
              peer.send(part);
            }
            assertEquals("OK|", peer.receiveText());
            assertEquals("value", peer.receiveText());
            assertEquals("EINVAL|", peer.receiveText());
          }
        });
  }

  @Test
  void othersAreServedBetweenPipelinedRequests() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer busy = rig.pipe();
          PipePeer other = rig.pipe();
          for (int i = 0; i < 500; i++) {
            busy.send(RingPeer.frame(MessageType.WRITE, i, "/busy|" + i));
          }
          assertEquals("OK|", other.ask(MessageType.WRITE, "/other|x"));
          for (int i = 0; i < 500; i++) {
            assertEquals(i, busy.receive().header().requestId());
          }
        });
  }

  @Test
  void oversizedFrameEndsTheConnectionAlone() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer bad = rig.pipe();
          PipePeer good = rig.pipe();
          byte[] frame = RingPeer.frame(MessageType.READ, 1, "/|");
          ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN).putInt(12, 4097);
          bad.send(frame);
          assertThrows(EOFException.class, bad::receive);
          assertEquals("", good.ask(MessageType.READ, "/|"));
          assertEquals(1, rig.log.stream().filter(l -> l.endsWith("feed us 4097")).count());
        });
  }

  @Test
  void readerThatDoesNotReadBlocksNobody() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer lazy = rig.pipe();
          PipePeer writer = rig.pipe();
          lazy.ask(MessageType.WATCH, "/n|" + "t".repeat(2000) + "|");
          for (int i = 0; i < 200; i++) {
            assertEquals("OK|", writer.ask(MessageType.WRITE, "/n/" + i + "|x"));
          }
          int events = 0;
          while (!lazy.receiveText().startsWith("event /n/199|")) {
            events++;
          }
          assertEquals(200, events);
        });
  }

  @Test
  void closedClientsAreForgotten() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer stays = rig.pipe();
          for (int i = 0; i < 50; i++) {
            PipePeer peer = rig.pipe();
            peer.ask(MessageType.WATCH, "/|t|");
            peer.ask(MessageType.TRANSACTION_START, "|");
            peer.pipe.close();
          }
          assertEquals("OK|", stays.ask(MessageType.WRITE, "/a|x"));
          stays.ask(MessageType.READ, "/a|");
          rig.server.inspect(
              store -> {
                assertEquals(0, store.watchedPaths());
                assertEquals(0, store.openTransactions());
              });
          stays.ask(MessageType.READ, "/a|");
        });
  }

  @Test
  void stopClosesEveryConnection() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer peer = rig.pipe();
          peer.ask(MessageType.READ, "/|");
          rig.server.stop();
          assertThrows(EOFException.class, peer::receive);
        });
  }
}
