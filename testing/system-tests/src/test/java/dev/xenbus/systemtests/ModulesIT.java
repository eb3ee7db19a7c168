package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.emulator.Machines;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.Machine;
import dev.xenbus.scenarios.StallDemo;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Drivers that come and go, dom0's own frontends, and what a guest does while it waits for a
/// device: as typed at the console.
class ModulesIT {
  private static final Emulator EMULATOR = Emulator.load();

  @TempDir private Path folder;

  /// Types a line, and returns all that it printed.
  private interface Console {
    String type(String line);
  }

  /// What is typed.
  private interface Session {
    void play(Console console);
  }

  private void play(Session session) throws Exception {
    StallDemo.prepare(folder);
    Machine machine = Machines.simulated(1);
    machine.run(
        () -> {
          Dom0 dom0 = EMULATOR.boot(machine, BootOptions.of(EMULATOR.configure()));
          StringBuilder text = new StringBuilder();
          Shell shell = dom0.shell(folder, text::append, text::append);
          session.play(
              line -> {
                text.setLength(0);
                int exit = shell.execute(line);
                return text + (exit == 0 ? "" : "exit " + exit + "\n");
              });
          dom0.powerOff();
          return true;
        });
  }

  @Test
  void driverInUseIsRefusedAndComesBackAfterItWent() throws Exception {
    play(
        console -> {
          console.type("truncate -s 16M first.img; xl create first.cfg; sleep 3");
          String users = console.type("lsmod");
          assertTrue(users.contains("xen_blkback            16384  1\n"), users);
          assertTrue(users.contains("xen_blkfront           16384  0\n"), users);
          assertEquals(
              "modprobe: FATAL: Module xen_blkback is in use.\nexit 1\n",
              console.type("modprobe -r xen-blkback"));
          assertEquals(
              "rmmod: ERROR: Module xen_netback is in use\nexit 1\n",
              console.type("rmmod xen_netback"));
          String inGuest = console.type("xl console 1 -c lsmod");
          assertTrue(inGuest.contains("xen_netfront           16384  1\n"), inGuest);
          console.type("xl destroy 1; sleep 1");
          assertEquals("", console.type("modprobe -r xen-blkback"));
          assertFalse(console.type("lsmod").contains("xen_blkback"));
          assertTrue(console.type("cat /sys/module/xen_blkback/refcnt").contains("No such file"));
          assertEquals("", console.type("modprobe -r xen-blkback"));
          assertTrue(console.type("rmmod xen_blkback").contains("is not currently loaded"));
          assertEquals("", console.type("modprobe xen-blkback"));
          console.type("xl create first.cfg; sleep 3");
          assertEquals("Connected\n", console.type("cat /sys/bus/xen-backend/devices/vbd-*/state"));
        });
  }

  @Test
  void devicesOfNoDriverGetOneWhenItIsLoaded() throws Exception {
    play(
        console -> {
          console.type("truncate -s 16M first.img; rmmod xen_netback; xl create -p first.cfg &");
          console.type("sleep 3");
          assertEquals(
              "Initialising\n", console.type("cat /sys/bus/xen-backend/devices/vif-*/state"));
          console.type("modprobe xen_netback; wait; xl unpause 1; sleep 3");
          assertEquals("Connected\n", console.type("cat /sys/bus/xen-backend/devices/vif-*/state"));
          assertEquals("1\n", console.type("cat /sys/module/xen_netback/refcnt"));
        });
  }

  @Test
  void diskOfDom0IsADiskInDom0() throws Exception {
    play(
        console -> {
          console.type("truncate -s 1M own.img");
          assertEquals("", console.type("xl block-attach 0 own.img,raw,xvda,w; sleep 1"));
          assertEquals(
              "Connected\nConnected\n", console.type("cat /sys/bus/xen*/devices/vbd-*51712/state"));
          assertTrue(
              console
                  .type("dd if=/dev/urandom of=/dev/xvda bs=4k count=256")
                  .startsWith("256+0 records in\n"));
          String disk = console.type("sha256sum /dev/xvda").split(" ", 2)[0];
          console.type("xl block-detach 0 xvda; sleep 1");
          assertFalse(console.type("ls /dev").contains("xvda"));
          // What was written is in the image.
          console.type("xl block-attach 0 own.img,raw,xvdb,r; sleep 1");
          assertEquals(disk, console.type("sha256sum /dev/xvdb").split(" ", 2)[0]);
        });
  }

  @Test
  void guestThatWaitsForADeviceCanBeShutDown() throws Exception {
    play(
        console -> {
          console.type("truncate -s 16M first.img; xl create -p first.cfg");
          console.type("echo vbd-1-51712 > /sys/bus/xen-backend/drivers/vbd/unbind");
          console.type("xl unpause 1; sleep 5");
          assertEquals(
              "1\n", console.type("xenstore-read /local/domain/1/control/feature-poweroff"));
          assertTrue(console.type("xl shutdown 1; sleep 40; xl list").endsWith("0.0\n"));
          assertFalse(console.type("xl list").contains("first"));
        });
  }
}
