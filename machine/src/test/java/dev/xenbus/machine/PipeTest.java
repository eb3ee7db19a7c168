package dev.xenbus.machine;

import static dev.xenbus.machine.World.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.machine.WaitQueue.Wake;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

class PipeTest {
  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String read(Pipe pipe, int most) {
    ByteBuffer into = ByteBuffer.allocate(most);
    pipe.tryRead(into);
    return new String(into.array(), 0, into.position(), StandardCharsets.US_ASCII);
  }

  @EveryMachine
  void whatOneEndWritesTheOtherReads(World world) {
    world.run(
        (machine, cpu) -> {
          PipePair pair = cpu.pipe(8);
          assertEquals(0, pair.a().tryRead(ByteBuffer.allocate(4)));
          assertEquals(5, pair.a().tryWrite(bytes("hello")));
          assertEquals(2, pair.b().tryWrite(bytes("yo")));
          assertEquals("hel", read(pair.b(), 3));
          assertEquals("lo", read(pair.b(), 9));
          assertEquals("yo", read(pair.a(), 9));
        });
  }

  @EveryMachine
  void fullPipeTakesNoMore(World world) {
    world.run(
        (machine, cpu) -> {
          PipePair pair = cpu.pipe(4);
          assertEquals(4, pair.a().tryWrite(bytes("hello")));
          assertEquals(0, pair.a().tryWrite(bytes("x")));
          assertEquals(Wake.TIMEOUT, pair.a().awaitWritable(1_000));
          assertEquals("he", read(pair.b(), 2));
          assertEquals(Wake.READY, pair.a().awaitWritable(WaitQueue.FOREVER));
          assertEquals(2, pair.a().tryWrite(bytes("xyz")));
          assertEquals("llxy", read(pair.b(), 9));
        });
  }

  @EveryMachine
  void streamArrivesWholeWhateverTheSizes(World world) {
    world.run(
        (machine, cpu) -> {
          PipePair pair = cpu.pipe(700);
          int total = 3000;
          Task writer =
              start(
                  cpu,
                  "writer",
                  self -> {
                    ByteBuffer all = ByteBuffer.allocate(total);
                    for (int i = 0; i < total; i++) {
                      all.put((byte) (i * 7));
                    }
                    all.flip();
                    try {
                      while (all.hasRemaining()) {
                        pair.a().tryWrite(all);
                        pair.a().awaitWritable(WaitQueue.FOREVER);
                      }
                      pair.a().close();
                      return 0;
                    } catch (IOException e) {
                      return 1;
                    }
                  });
          ByteBuffer into = ByteBuffer.allocate(97);
          int next = 0;
          while (true) {
            into.clear();
            int read = pair.b().tryRead(into);
            if (read < 0) {
              break;
            }
            for (int i = 0; i < read; i++) {
              assertEquals((byte) (next++ * 7), into.get(i));
            }
            if (read == 0) {
              pair.b().awaitReadable(WaitQueue.FOREVER);
            }
          }
          assertEquals(total, next);
          assertEquals(0, writer.waitFor());
        });
  }

  @EveryMachine
  void endOfStreamComesAfterWhatWasWritten(World world) {
    world.run(
        (machine, cpu) -> {
          PipePair pair = cpu.pipe(8);
          pair.a().tryWrite(bytes("bye"));
          pair.a().close();
          pair.a().close();
          assertEquals(Wake.READY, pair.b().awaitReadable(WaitQueue.FOREVER));
          assertEquals("bye", read(pair.b(), 9));
          assertEquals(-1, pair.b().tryRead(ByteBuffer.allocate(1)));
          assertEquals(Wake.READY, pair.b().awaitReadable(WaitQueue.FOREVER));
          IOException broken = assertThrows(IOException.class, () -> pair.b().tryWrite(bytes("x")));
          assertTrue(String.valueOf(broken.getMessage()).startsWith("EPIPE"));
          assertThrows(IOException.class, () -> pair.a().tryWrite(bytes("x")));
          assertEquals(-1, pair.a().tryRead(ByteBuffer.allocate(1)));
        });
  }

  @EveryMachine
  void closeWakesWhoWaits(World world) {
    world.run(
        (machine, cpu) -> {
          PipePair pair = cpu.pipe(1);
          pair.b().tryWrite(bytes("x"));
          Task reader =
              start(
                  cpu,
                  "reader",
                  self -> pair.b().awaitReadable(WaitQueue.FOREVER) == Wake.READY ? 1 : 0);
          Task writer =
              start(
                  cpu,
                  "writer",
                  self -> pair.b().awaitWritable(WaitQueue.FOREVER) == Wake.READY ? 1 : 0);
          pair.a().close();
          assertEquals(1, reader.waitFor());
          assertEquals(1, writer.waitFor());
        });
  }

  @EveryMachine
  void activityRousesThePoller(World world) {
    world.run(
        (machine, cpu) -> {
          PipePair pair = cpu.pipe(2);
          Poller poller = cpu.poller("p");
          pair.b().onActivity(poller::rouse);
          pair.a().tryWrite(bytes("x"));
          poller.await(WaitQueue.FOREVER); // readable
          read(pair.b(), 1);
          pair.b().tryWrite(bytes("xy"));
          read(pair.a(), 1);
          poller.await(WaitQueue.FOREVER); // writable
          pair.a().close();
          poller.await(WaitQueue.FOREVER); // closed
        });
  }
}
