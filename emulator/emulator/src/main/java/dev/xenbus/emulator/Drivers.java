package dev.xenbus.emulator;

import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.api.spi.FrontendDriver;
import java.util.List;

/// The drivers on the module path, sorted by name.
///
/// @param backends for dom0 and for driver domains
/// @param frontends for guests
record Drivers(List<BackendDriver> backends, List<FrontendDriver> frontends) {}
