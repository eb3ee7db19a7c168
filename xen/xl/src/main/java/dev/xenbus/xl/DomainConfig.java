package dev.xenbus.xl;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// What a guest is to be (`libxl_domain_config`).
///
/// @param name its name; two running guests have different ones
/// @param type how it is virtualised
/// @param uuid its handle; empty for a random one
/// @param memoryMib memory at the start, in MiB
/// @param memoryMaxMib most memory, in MiB
/// @param vcpus processors that are online at the start
/// @param vcpusMax processors that it has
/// @param boot what it boots
/// @param limits bounds that the hypervisor sets on it
/// @param driverDomain whether it may run backends
/// @param suspendEventChannelCompat whether it keeps the old way to ask for a suspend
/// @param disks its disks
/// @param nics its network interfaces
/// @param actions what is done when it stopped, by the number of the reason
public record DomainConfig(
    String name,
    DomainType type,
    Optional<UUID> uuid,
    int memoryMib,
    int memoryMaxMib,
    int vcpus,
    int vcpusMax,
    Boot boot,
    Limits limits,
    boolean driverDomain,
    boolean suspendEventChannelCompat,
    List<DiskConfig> disks,
    List<NicConfig> nics,
    Map<Integer, ShutdownAction> actions) {

  /// What a guest boots. The images are named, never opened.
  ///
  /// @param kernel path of the kernel
  /// @param ramdisk path of the first ramdisk, or empty
  /// @param commandLine of the kernel, or empty
  public record Boot(String kernel, String ramdisk, String commandLine) {}

  /// Bounds that the hypervisor sets.
  ///
  /// @param grantFramesMax frames of the grant table
  /// @param eventChannelPortMax highest port
  public record Limits(int grantFramesMax, int eventChannelPortMax) {
    /// Xen's own.
    public static final Limits DEFAULT = new Limits(64, 1023);
  }

  /// Copies the lists.
  public DomainConfig {
    disks = List.copyOf(disks);
    nics = List.copyOf(nics);
  }

  /// Returns the same with a handle.
  public DomainConfig withUuid(UUID newUuid) {
    return with(name, Optional.of(newUuid), disks, nics);
  }

  /// Returns the same with another name.
  public DomainConfig withName(String newName) {
    return with(newName, uuid, disks, nics);
  }

  /// Returns the same with other devices.
  DomainConfig withDevices(List<DiskConfig> newDisks, List<NicConfig> newNics) {
    return with(name, uuid, newDisks, newNics);
  }

  private DomainConfig with(
      String newName, Optional<UUID> newUuid, List<DiskConfig> newDisks, List<NicConfig> newNics) {
    return new DomainConfig(
        newName,
        type,
        newUuid,
        memoryMib,
        memoryMaxMib,
        vcpus,
        vcpusMax,
        boot,
        limits,
        driverDomain,
        suspendEventChannelCompat,
        newDisks,
        newNics,
        actions);
  }
}
