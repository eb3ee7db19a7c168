package dev.xenbus.linux.api;

/// A kernel or module parameter, declared once, as data: parsing, help, configuration key and
/// reference page all come from it.
///
/// @param name without the module, such as `max_queues`; a kernel's own has no module
/// @param type what values look like
/// @param defaultValue in the form in which it is typed; empty if there is none
/// @param unit such as `ms`, empty if there is none
/// @param help one line
/// @param source where the fact comes from
public record KernelParameter(
    String name, Type type, String defaultValue, String unit, String help, String source) {
  /// What values look like.
  public enum Type {
    /// Alone, or `=1`, `=on`, `=y`, `=0`, `=off`, `=n`.
    FLAG,
    /// A decimal number, not negative.
    NUMBER,
    /// Anything; alone means the empty text.
    TEXT
  }
}
