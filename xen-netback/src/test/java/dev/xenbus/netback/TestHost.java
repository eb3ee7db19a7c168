package dev.xenbus.netback;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.Hypercalls;
import dev.xenbus.abi.hypercall.SharedInfo;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.spi.XenbusDriver;
import dev.xenbus.linux.CommandLine;
import dev.xenbus.linux.KernelLog;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.linux.xen.XenPlatform;
import dev.xenbus.machine.Cpu;
import java.util.List;

/// One domain with its kernel and its way to the store.
///
/// @param domid its id
/// @param kernel its kernel
/// @param platform what its kernel has of Xen
/// @param xenbus its way to the store
/// @param sharedInfo the page with its events' bits
record TestHost(
    Domid domid,
    LinuxKernel kernel,
    XenPlatform platform,
    TestXenbus xenbus,
    SharedInfo sharedInfo) {
  static TestHost boot(Cpu cpu, Hypercalls hypercalls, TestStore store, String commandLine)
      throws Exception {
    KernelLog log = new KernelLog(cpu.machine().clock());
    XenPlatform platform =
        new XenPlatform(
            new XenPlatform.Options(cpu, hypercalls, log, cpu.workQueue("events_xen", 4)));
    Domid domid = hypercalls.self();
    LinuxKernel kernel =
        new LinuxKernel(
            new LinuxKernel.Options(
                cpu,
                domid,
                "d" + domid,
                CommandLine.parse(commandLine, LinuxKernel.PARAMETERS),
                log,
                platform.pages(),
                platform.grants(),
                platform.events(),
                reason -> {}));
    return new TestHost(
        domid,
        kernel,
        platform,
        new TestXenbus(cpu, store, domid.value()),
        new SharedInfo(hypercalls.events().sharedInfo()));
  }

  DriverContext context(XenbusDriver driver) throws Exception {
    return new DriverContext(
        kernel, xenbus, kernel.commandLine().module(driver.name(), driver.parameters()));
  }

  List<String> log() {
    return kernel.printk().lines().stream().map(Printk.Line::text).toList();
  }
}
