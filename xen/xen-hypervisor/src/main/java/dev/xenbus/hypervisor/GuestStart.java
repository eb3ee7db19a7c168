package dev.xenbus.hypervisor;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainControl.BootSpec;
import dev.xenbus.abi.hypercall.DomainControl.BuiltDomain;
import dev.xenbus.abi.hypercall.Hypercalls;
import dev.xenbus.machine.Cpu;

/// What a guest's kernel finds when its first vCPU starts (`start_info`, as far as it is known
/// before the kernel asks).
///
/// @param domid the domain
/// @param cpu its own threads and the primitives they meet at
/// @param hypercalls its hypercalls
/// @param boot what it boots
/// @param built where store and console are
/// @param frames number of its guest frames
/// @param vcpus number of its virtual processors
/// @param hvm whether it runs in a hardware container, which its kernel finds out by `cpuid`
public record GuestStart(
    Domid domid,
    Cpu cpu,
    Hypercalls hypercalls,
    BootSpec boot,
    BuiltDomain built,
    int frames,
    int vcpus,
    boolean hvm) {}
