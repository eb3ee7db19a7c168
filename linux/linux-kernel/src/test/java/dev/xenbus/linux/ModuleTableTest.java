package dev.xenbus.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.linux.ModuleTable.Unload;
import dev.xenbus.machine.MachineFailure;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModuleTableTest {
  private static boolean add(LinuxKernel kernel, String name, Runnable exit) {
    boolean isNew = kernel.modules().add(name, List.of(), kernel.parameters(), exit);
    kernel.modules().put(name);
    return isNew;
  }

  @Test
  void moduleIsHeldByWhoLoadsIt() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          ModuleTable modules = kernel.modules();
          modules.add("driver", List.of(), kernel.parameters(), () -> {});
          assertEquals(Unload.IN_USE, modules.unload("driver"));
          modules.put("driver");
          assertEquals(Unload.DONE, modules.unload("driver"));
        });
  }

  @Test
  void moduleInUseStaysUntilItsLastUserLetsGo() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          ModuleTable modules = kernel.modules();
          List<String> calls = new ArrayList<>();
          add(kernel, "driver", () -> calls.add("exit"));
          assertTrue(modules.tryGet("driver"));
          assertTrue(modules.tryGet("driver"));
          assertEquals("2\n", kernel.files().read("/sys/module/driver/refcnt"));
          assertEquals(
              "driver 16384 2 - Live 0x0000000000000000\n", kernel.files().read("/proc/modules"));
          modules.put("driver");
          assertEquals(Unload.IN_USE, modules.unload("driver"));
          modules.put("driver");
          assertEquals(List.of(), calls);
          assertEquals(Unload.DONE, modules.unload("driver"));
          assertEquals(List.of("exit"), calls);
          assertFalse(modules.tryGet("driver"));
          assertEquals("", kernel.files().read("/proc/modules"));
          assertEquals(Unload.NOT_LOADED, modules.unload("driver"));
        });
  }

  @Test
  void moduleThatIsGoingCannotBeUsed() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          List<String> seen = new ArrayList<>();
          add(
              kernel,
              "driver",
              () -> {
                seen.add("got " + kernel.modules().tryGet("driver"));
                seen.add("unload " + kernel.modules().unload("driver"));
                seen.add(kernel.modules().list().getFirst().isLive() ? "live" : "going");
                kernel.modules().remove("driver");
              });
          assertEquals(Unload.DONE, kernel.modules().unload("driver"));
          assertEquals(List.of("got false", "unload IN_USE", "going"), seen);
        });
  }

  @Test
  void whatCanBeLoadedIsLoadedOnceAndAgainAfterItWent() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          List<String> calls = new ArrayList<>();
          kernel
              .modules()
              .loadable(
                  "driver",
                  () -> {
                    calls.add("init");
                    add(kernel, "driver", () -> calls.add("exit"));
                  });
          assertTrue(kernel.modules().isKnown("driver"));
          assertTrue(kernel.modules().load("driver"));
          assertTrue(kernel.modules().load("driver"));
          kernel.modules().unload("driver");
          assertTrue(kernel.modules().load("driver"));
          assertEquals(List.of("init", "exit", "init"), calls);
          assertFalse(kernel.modules().load("drivel"));
          assertFalse(kernel.modules().isKnown("drivel"));
        });
  }
}
