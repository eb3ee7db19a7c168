package dev.xenbus.abi.xenstore;

import dev.xenbus.abi.Domid;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A node's permissions: the first entry names the owner, and its access is everybody's who is not
/// listed; the others are exceptions.
///
/// @param entries at least one
public record Permissions(List<Permission> entries) {
  /// Checks that there is an owner, and copies.
  ///
  /// @throws IllegalArgumentException if the list is empty
  public Permissions {
    entries = List.copyOf(entries);
    if (entries.isEmpty()) {
      throw new IllegalArgumentException("permissions without an owner");
    }
  }

  /// Returns the permissions with the given entries, owner first, such as `of("n0", "r3")`.
  ///
  /// @throws IllegalArgumentException if one of them is malformed, or there is none
  public static Permissions of(String... entries) {
    return new Permissions(Stream.of(entries).map(Permission::parse).toList());
  }

  /// Returns the owner.
  public Domid owner() {
    return entries.getFirst().domid();
  }

  /// Returns what everybody may who is not listed.
  public Access defaultAccess() {
    return entries.getFirst().access();
  }

  /// Returns the entries with commas between them, as the tools print: `n0,r3`.
  @Override
  public String toString() {
    return entries.stream().map(Permission::toString).collect(Collectors.joining(","));
  }
}
