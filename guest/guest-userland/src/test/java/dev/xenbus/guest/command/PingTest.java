package dev.xenbus.guest.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.guest.TestCable;
import dev.xenbus.guest.TestGuest;
import dev.xenbus.guest.TestGuest.Outcome;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.MachineFailure;
import java.util.List;
import org.junit.jupiter.api.Test;

class PingTest {
  /// What a test does.
  private interface Scene {
    void play(Kernel guest) throws Exception;
  }

  private static void play(Scene scene) throws MachineFailure {
    TestGuest.play(
        guest -> {
          Kernel dom0 = TestGuest.boot(guest.cpu().machine(), 0, "");
          TestCable.join(guest, dom0);
          guest.net().device("eth0").orElseThrow().up();
          dom0.net().device("eth0").orElseThrow().up();
          guest.net().addAddress("eth0", "10.0.0.2", 16);
          dom0.net().addAddress("eth0", "10.0.0.1", 16);
          scene.play(guest);
        });
  }

  @Test
  void repliesAndStatisticsAreThoseOfIputils() throws MachineFailure {
    play(
        guest -> {
          Outcome ping = TestGuest.run(guest, new Ping(), "-c", "3", "10.0.0.1");
          String times = "time=\\d+(\\.\\d+)? ms\n";
          assertTrue(
              ping.out()
                  .matches(
                      "PING 10.0.0.1 \\(10.0.0.1\\) 56\\(84\\) bytes of data.\n"
                          + "64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 "
                          + times
                          + "64 bytes from 10.0.0.1: icmp_seq=2 ttl=64 "
                          + times
                          + "64 bytes from 10.0.0.1: icmp_seq=3 ttl=64 "
                          + times
                          + "\n--- 10.0.0.1 ping statistics ---\n"
                          + "3 packets transmitted, 3 received, 0% packet loss, time 200\\dms\n"
                          + "rtt min/avg/max/mdev = [0-9./]+ ms\n"),
              ping.out());
          assertEquals(0, ping.exit());
        });
  }

  @Test
  void unreachableHostIsToldAndCounted() throws MachineFailure {
    play(
        guest -> {
          Outcome ping = TestGuest.run(guest, new Ping(), "-c2", "-i", "0.5", "10.0.0.77");
          assertTrue(
              ping.out().contains("From 10.0.0.2 icmp_seq=1 Destination Host Unreachable\n"));
          assertTrue(
              ping.out()
                  .contains("2 packets transmitted, 0 received, +2 errors, 100% packet loss"));
          assertEquals(1, ping.exit());
        });
  }

  @Test
  void silenceEndsAfterTheWait() throws MachineFailure {
    play(
        guest -> {
          guest.net().device("eth0").orElseThrow().down();
          long start = guest.clock().nanos();
          Outcome ping = TestGuest.run(guest, new Ping(), "-q", "-c", "1", "-W", "2", "10.0.0.1");
          assertEquals(2, (guest.clock().nanos() - start) / 1_000_000_000L);
          assertEquals(
              """
              PING 10.0.0.1 (10.0.0.1) 56(84) bytes of data.

              --- 10.0.0.1 ping statistics ---
              1 packets transmitted, 0 received, 100% packet loss, time 2000ms

              """,
              ping.out());
          assertEquals(1, ping.exit());
        });
  }

  @Test
  void tooLargePacketAndForeignNetworkAreErrors() throws MachineFailure {
    play(
        guest -> {
          Outcome large = TestGuest.run(guest, new Ping(), "-c1", "-W1", "-s", "1473", "10.0.0.1");
          assertEquals("ping: local error: message too long, mtu: 1500\n", large.err());
          Outcome foreign = TestGuest.run(guest, new Ping(), "-c1", "-W1", "11.0.0.1");
          assertEquals("ping: connect: Network is unreachable\n", foreign.err());
          assertEquals(1, foreign.exit());
        });
  }

  @Test
  void deadlineEndsIt() throws MachineFailure {
    play(
        guest -> {
          Outcome ping = TestGuest.run(guest, new Ping(), "-w", "3", "-i", "0.25", "10.0.0.1");
          assertTrue(ping.out().contains("12 packets transmitted, 12 received"), ping.out());
        });
  }

  @Test
  void wrongUsageIsTold() throws MachineFailure {
    play(
        guest -> {
          for (List<String> words :
              List.of(
                  List.<String>of(),
                  List.of("-c", "0", "10.0.0.1"),
                  List.of("-c"),
                  List.of("-x", "10.0.0.1"),
                  List.of("-i", "soon", "10.0.0.1"),
                  List.of("10.0.0.1", "10.0.0.2"),
                  List.of("host"))) {
            Outcome ping = TestGuest.run(guest, new Ping(), words.toArray(String[]::new));
            assertEquals(Ping.FAILED, ping.exit(), words.toString());
            assertTrue(ping.err().startsWith("ping: "));
          }
        });
  }

  @Test
  void roundTripsHaveThreeDigits() {
    assertEquals("0.045", PingRun.millis(45));
    assertEquals("1.23", PingRun.millis(1_234));
    assertEquals("12.3", PingRun.millis(12_345));
    assertEquals("123", PingRun.millis(123_456));
  }
}
