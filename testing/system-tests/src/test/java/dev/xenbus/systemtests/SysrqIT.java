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

/// `xl sysrq`, from the toolstack to the guest's kernel.
class SysrqIT {
  private static final Emulator EMULATOR = Emulator.load();

  @TempDir private Path folder;

  private String run(String parameters, String... lines) throws Exception {
    StringBuilder text = new StringBuilder();
    StallDemo.prepare(folder);
    Machine machine = Machines.simulated(1);
    machine.run(
        () -> {
          Dom0 dom0 = EMULATOR.boot(machine, BootOptions.of(EMULATOR.configure(parameters)));
          Shell shell = dom0.shell(folder, text::append, text::append);
          shell.execute("truncate -s 16M first.img; xl create first.cfg; sleep 3");
          text.setLength(0);
          for (String line : lines) {
            int exit = shell.execute(line);
            if (exit != 0) {
              text.append("exit ").append(exit).append('\n');
            }
          }
          dom0.powerOff();
          return true;
        });
    return text.toString();
  }

  @Test
  void guestDoesWhatTheKeyAsksForAndTakesNote() throws Exception {
    String text =
        run(
            "xl.release=4.17",
            "xl sysrq first t; sleep 1; xl console 1 -c dmesg | grep 'sysrq|xenwatch'",
            "xenstore-read /local/domain/1/control/sysrq");
    assertTrue(text.contains("sysrq: Show State"), text);
    assertTrue(text.contains("task:xenwatch "), text);
    assertTrue(text.endsWith("\n\n"), text);
  }

  @Test
  void toolstackBeforeFourTwelveLeavesANodeThatTheGuestMayNotWrite() throws Exception {
    String text = run("xl.release=4.10", "xl sysrq 1 t; sleep 1; xl console 1 -c dmesg");
    assertTrue(
        text.contains("xen:manage: sysrq_handler: Error -13 writing sysrq in control/sysrq"), text);
    assertFalse(text.contains("Show State"), text);
  }

  @Test
  void resetAndCrashEndTheGuestAtOnce() throws Exception {
    String text =
        run(
            "xl.release=4.17",
            "xl sysrq 1 b; sleep 5; xl list first | tail -n 1",
            "xl sysrq first c; sleep 5; xl list first");
    assertTrue(text.matches("(?s)first +2 .*does not exist.*|(?s)first +2 .*exit 1\n"), text);
  }

  @Test
  void keyIsOneCharacter() throws Exception {
    String text = run("xl.release=4.17", "xl sysrq 1 reboot");
    assertTrue(text.startsWith("Invalid sysrq.\n"), text);
    assertEquals("exit 1", text.strip().lines().reduce((a, b) -> b).orElseThrow());
  }
}
