package dev.xenbus.api;

import dev.xenbus.abi.Domid;

/// A kernel's xenbus has come to a rest, or leaves it; told to whoever listens to the machine's
/// trace: the points `xs_suspend`, once nothing runs any more, and `xs_resume`, before anything
/// does again. In between no callback of that kernel begins or ends (W10). Around them, `xs_freeze`
/// and `xs_thaw`: in between no callback begins.
///
/// @param kernel the domain whose kernel it is
/// @param isSuspended whether it rests from now on
public record SuspendFact(Domid kernel, boolean isSuspended) {}
