package dev.xenbus.emulator;

import dev.xenbus.linux.api.UserCommand;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/// What a dom0 or a driver domain offers to its commands, by type. Filled during the boot, then
// only read.
final class Services implements UserCommand.Services {
  private final SequencedMap<Class<?>, Object> byType = new LinkedHashMap<>();

  <T> void add(Class<T> type, T service) {
    byType.put(type, service);
  }

  @Override
  public <T> Optional<T> find(Class<T> type) {
    return Optional.ofNullable(byType.get(type)).map(type::cast);
  }
}
