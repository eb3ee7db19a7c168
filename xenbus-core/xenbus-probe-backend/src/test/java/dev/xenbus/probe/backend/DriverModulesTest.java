package dev.xenbus.probe.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelModules;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestBackend;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.xs.Mtwatch;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/// A driver's module: whoever is bound to the driver holds it, and while it goes nobody is probed.
class DriverModulesTest {
  private static final String BIND = "/sys/bus/xen-backend/drivers/vif/bind";
  private static final String ERROR = "/local/domain/0/error/backend/vif/1/0/error";

  /// One module, `test_vifback`.
  private static class OneModule implements KernelModules {
    final AtomicInteger users = new AtomicInteger();
    volatile boolean isLoaded;
    volatile boolean isGoing;

    @Override
    public boolean add(
        String name, List<KernelParameter> declared, ParameterValues values, Runnable exit) {
      isLoaded = true;
      users.incrementAndGet();
      return true;
    }

    @Override
    public void remove(String name) {
      isLoaded = false;
    }

    @Override
    public boolean tryGet(String name) {
      assertEquals("test_vifback", name);
      if (!isLoaded || isGoing) {
        return false;
      }
      users.incrementAndGet();
      return true;
    }

    @Override
    public void put(String name) {
      users.decrementAndGet();
    }
  }

  private static BackBench bench(Machine machine, KernelModules modules, TestBackend... drivers)
      throws Exception {
    BackBench bench = new BackBench(machine, Mtwatch.SERIES, drivers);
    bench.kernel.modules(modules);
    return bench.started();
  }

  /// Holds once the thread that finds devices has nothing to do.
  private static BooleanSupplier whoCouldProbeHasDoneSo(BackBench bench) {
    return () ->
        bench.machine.tasks().stream()
            .filter(task -> task.comm().startsWith("xenwatch") || task.comm().startsWith("xen-mt"))
            .allMatch(task -> task.state() == Task.State.S);
  }

  private static Errno errnoOfBind(BackBench bench) {
    return assertThrows(KernelException.class, () -> bench.kernel.files().write(BIND, "vif-1-0"))
        .errno();
  }

  @Test
  void deviceThatComesWhileTheModuleGoesIsNotProbed() {
    TestMachines.fair(
        machine -> {
          OneModule module = new OneModule();
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = bench(machine, module, driver)) {
            module.isGoing = true;
            bench.addDevice("vif", 1, "0");
            bench.await(() -> bench.store.read(ERROR).isPresent());
            assertEquals(
                "3 xenbus_dev_probe on backend/vif/1/0", bench.store.read(ERROR).orElseThrow());
            assertTrue(
                bench
                    .kernel
                    .logTexts()
                    .contains("vif vif-1-0: failed to acquire module reference on 'vif'"),
                () -> bench.kernel.logTexts().toString());
            assertEquals(Errno.ESRCH, errnoOfBind(bench));
            assertEquals(List.of("vif-1-0"), bench.deviceNames());
            assertEquals("1", bench.backState("vif", 1, "0"));
            assertEquals(List.of(), driver.calls());
            // It stays after all.
            module.isGoing = false;
            bench.kernel.files().write(BIND, "vif-1-0");
            assertEquals("2", bench.backState("vif", 1, "0"));
          }
        });
  }

  @Test
  void boundDeviceHoldsTheModule() {
    TestMachines.fair(
        machine -> {
          OneModule module = new OneModule();
          try (BackBench bench = bench(machine, module, new TestBackend("vif", true))) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.addDevice("vif", 2, "0");
            bench.awaitBackState("vif", 2, "0", 2);
            assertEquals(2, module.users.get());
            bench.destroy(1, "vif");
            bench.await(() -> bench.deviceNames().equals(List.of("vif-2-0")));
            bench.await(() -> module.users.get() == 1);
            bench.kernel.files().write("/sys/bus/xen-backend/drivers/vif/unbind", "vif-2-0");
            assertEquals(0, module.users.get());
          }
        });
  }

  @Test
  void failedProbeLetsGoOfTheModule() {
    TestMachines.fair(
        machine -> {
          OneModule module = new OneModule();
          AtomicInteger during = new AtomicInteger();
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onProbe(XenbusDevice device, DriverContext context)
                    throws KernelException {
                  during.set(module.users.get());
                  throw new KernelException(Errno.ENOMEM, "on purpose");
                }
              };
          try (BackBench bench = bench(machine, module, driver)) {
            bench.addDevice("vif", 1, "0");
            bench.await(() -> bench.store.read(ERROR).isPresent());
            assertEquals(1, during.get());
            assertEquals(0, module.users.get());
          }
        });
  }

  /// A device comes while the driver is registered: it is probed with it, and not before its module
  /// is there, which would be taken for one that goes.
  @Test
  void deviceThatComesWhileTheModuleIsLoadedIsProbedOnce() {
    TestMachines.fair(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES).started()) {
            OneModule module =
                new OneModule() {
                  @Override
                  public boolean add(
                      String name,
                      List<KernelParameter> declared,
                      ParameterValues values,
                      Runnable exit) {
                    bench.addDevice("vif", 1, "0");
                    bench.await(() -> bench.deviceNames().equals(List.of("vif-1-0")));
                    TestMachines.await(whoCouldProbeHasDoneSo(bench));
                    return super.add(name, declared, values, exit);
                  }
                };
            bench.kernel.modules(module);
            bench.backends.register(driver);
            bench.awaitBackState("vif", 1, "0", 2);
            assertTrue(bench.store.read(ERROR).isEmpty(), () -> bench.store.read(ERROR).toString());
            assertTrue(bench.kernel.logTexts().stream().noneMatch(l -> l.contains("failed to")));
            assertEquals(1, driver.calls().size());
            bench.await(() -> module.users.get() == 1);
          }
        });
  }
}
