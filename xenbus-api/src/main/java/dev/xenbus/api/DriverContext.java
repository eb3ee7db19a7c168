package dev.xenbus.api;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.ParameterValues;

/// The services that a driver may use; brought by each probe, so that one provider serves many
/// kernels.
///
/// @param kernel the kernel that the driver runs in
/// @param xenbus that kernel's way to the store
/// @param parameters the values of the parameters that the driver declared
public record DriverContext(Kernel kernel, Xenbus xenbus, ParameterValues parameters) {}
