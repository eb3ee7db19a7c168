package dev.xenbus.emulator;

import dev.xenbus.api.spi.XenbusDriver;
import dev.xenbus.linux.CommandLine;
import dev.xenbus.linux.ParameterException;
import dev.xenbus.linux.api.ParameterValues;
import java.util.function.Function;

/// The values that a command line gives a driver's parameters; a guest's line that gives nonsense
/// gives nothing, as a kernel logs it and goes on.
record ModuleValues(CommandLine line) implements Function<XenbusDriver, ParameterValues> {
  @Override
  public ParameterValues apply(XenbusDriver driver) {
    try {
      return line.module(driver.name(), driver.parameters());
    } catch (ParameterException _) {
      return defaults(driver);
    }
  }

  private static ParameterValues defaults(XenbusDriver driver) {
    try {
      return CommandLine.parse("", java.util.List.of()).module(driver.name(), driver.parameters());
    } catch (ParameterException e) {
      throw new IllegalStateException("an empty line has no words", e);
    }
  }
}
