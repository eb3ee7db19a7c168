package dev.xenbus.linux.api;

import java.lang.foreign.MemorySegment;

/// A page of a kernel's own memory.
///
/// @param frame guest frame number
/// @param memory its 4096 bytes, native and page-aligned
public record Page(int frame, MemorySegment memory) {}
