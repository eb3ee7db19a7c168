package dev.xenbus.emulator;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import dev.xenbus.probe.backend.BackendBus;
import dev.xenbus.probe.frontend.FrontendBus;

/// What is made once, whatever boots later: drivers, commands, parameters.
final class EmulatorModule extends AbstractModule {
  @Provides
  @Singleton
  Drivers drivers() {
    ModuleLayer layer = ModuleLayer.boot();
    return new Drivers(BackendBus.discover(layer).drivers(), FrontendBus.discover(layer).drivers());
  }

  @Provides
  @Singleton
  Commands commands() {
    return Commands.load();
  }

  @Provides
  @Singleton
  Parameters parameters(Drivers drivers) {
    return new Parameters(drivers);
  }

  @Provides
  @Singleton
  ConfigReader configReader(Parameters parameters) {
    return new ConfigReader(parameters);
  }
}
