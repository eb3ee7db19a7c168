package dev.xenbus.linux.api;

/// A block device's number.
///
/// @param major which driver
/// @param minor which device of that driver
public record DeviceNumber(int major, int minor) {
  /// Returns the form of the node `physical-device`: hexadecimal, `fd:2`.
  @Override
  public String toString() {
    return Integer.toHexString(major) + ":" + Integer.toHexString(minor);
  }
}
