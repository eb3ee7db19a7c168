package dev.xenbus.emulator;

import dev.xenbus.emulator.shell.Shell;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/// What a dom0 offers to its commands, by type. Filled during the boot, then only read.
final class Services implements Shell.Services {
  private final SequencedMap<Class<?>, Object> byType = new LinkedHashMap<>();

  <T> void add(Class<T> type, T service) {
    byType.put(type, service);
  }

  @Override
  public <T> Optional<T> find(Class<T> type) {
    return Optional.ofNullable(byType.get(type)).map(type::cast);
  }
}
