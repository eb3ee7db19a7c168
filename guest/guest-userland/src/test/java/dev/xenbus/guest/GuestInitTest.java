package dev.xenbus.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetCore.InterfaceAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GuestInitTest {
  private static final long SECOND = 1_000_000_000L;

  /// What a test looks at after ten seconds.
  private interface Look {
    void at(Kernel dom0, Kernel guest, TestCable cable) throws Exception;
  }

  private static void play(int domid, String commandLine, Look look) throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(SimulatedMachine.Options.fair());
    machine.run(
        () -> {
          Kernel dom0 = TestGuest.boot(machine, 0, "");
          Kernel guest = TestGuest.boot(machine, domid, commandLine);
          dom0.net().discardTcp(9);
          GuestInit.start(
              new GuestInit.Options(guest, "guest", Optional.empty(), new LinkedHashMap<>()));
          Task.sleep(SECOND);
          TestCable cable = TestCable.join(guest, dom0);
          dom0.net().device("eth0").orElseThrow().up();
          dom0.net().addAddress("eth0", "10.0.0.1", 16);
          Task.sleep(10 * SECOND);
          look.at(dom0, guest, cable);
          return null;
        });
  }

  /// In a driver domain the bridge has the address, its own interface is a port, those of other
  /// guests are left to the hotplug scripts, and the daemon is started.
  @Test
  void driverDomainHasABridgeAndADaemon() throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(SimulatedMachine.Options.fair());
    machine.run(
        () -> {
          Kernel dom0 = TestGuest.boot(machine, 0, "");
          Kernel guest = TestGuest.boot(machine, 4, "");
          LinkedHashMap<String, UserCommand> commands = new LinkedHashMap<>();
          GuestInit.start(
              new GuestInit.Options(
                  guest,
                  "guest",
                  Optional.empty(),
                  commands,
                  UserCommand.Services.NONE,
                  Optional.of(
                      new GuestInit.DriverDomain(
                          "xenbr0", new MacAddress(0x00163E_FE0004L), "echo served"))));
          Task.sleep(SECOND);
          TestCable cable = TestCable.join(guest, dom0);
          dom0.net().device("eth0").orElseThrow().up();
          dom0.net().addAddress("eth0", "10.0.0.1", 16);
          dom0.net().discardTcp(9);
          NetDevice vif =
              guest.net().register("vif7.0", new MacAddress(0xFEFFFF_FFFFFFL), packet -> {});
          Task.sleep(3 * SECOND);
          assertEquals("10.0.0.5/16", address(guest));
          assertEquals("xenbr0", guest.net().addresses().getFirst().device());
          assertEquals(
              List.of("eth0"),
              guest.net().bridge("xenbr0").orElseThrow().ports().stream()
                  .map(NetDevice::name)
                  .toList());
          assertFalse(vif.isUp());
          assertEquals(TrafficService.SEGMENT_BYTES + 54, cable.largest());
          assertTrue(
              guest.printk().lines().stream().anyMatch(line -> line.text().equals("init: served")));
          return null;
        });
  }

  private static String address(Kernel guest) {
    List<InterfaceAddress> all = guest.net().addresses();
    return all.isEmpty() ? "none" : all.getFirst().address() + "/" + all.getFirst().prefixBits();
  }

  @Test
  void deviceThatAppearsComesUpWithAnAddressOfTheDomid() throws MachineFailure {
    play(
        1,
        "",
        (dom0, guest, cable) -> {
          assertTrue(guest.net().device("eth0").orElseThrow().isUp());
          assertEquals("10.0.0.2/16", address(guest));
        });
    play(299, "", (dom0, guest, cable) -> assertEquals("10.0.1.44/16", address(guest)));
  }

  @Test
  void oneLargeSegmentASecondLeaves() throws MachineFailure {
    play(
        1,
        "",
        (dom0, guest, cable) -> {
          assertEquals(TrafficService.SEGMENT_BYTES + 54, cable.largest());
          long bytes = dom0.net().device("eth0").orElseThrow().statistics().rxBytes().get();
          assertEquals(10, bytes / TrafficService.SEGMENT_BYTES);
        });
  }

  @Test
  void trafficCanBeTurnedOff() throws MachineFailure {
    play(1, "traffic=off", (dom0, guest, cable) -> assertTrue(cable.largest() < 100));
  }

  @Test
  void addressCanBeGiven() throws MachineFailure {
    play(1, "ip=10.0.7.7/8", (dom0, guest, cable) -> assertEquals("10.0.7.7/8", address(guest)));
    play(1, "ip=10.0.7.7", (dom0, guest, cable) -> assertEquals("10.0.7.7/16", address(guest)));
    play(1, "ip=off", (dom0, guest, cable) -> assertEquals("none", address(guest)));
  }

  @Test
  void malformedAddressIsLoggedAndLeavesNone() throws MachineFailure {
    play(
        1,
        "ip=10.0.7/elephant",
        (dom0, guest, cable) -> {
          assertEquals("none", address(guest));
          assertTrue(
              guest.printk().lines().getLast().text().startsWith("init: eth0: ip=10.0.7/elephant"));
        });
  }
}
