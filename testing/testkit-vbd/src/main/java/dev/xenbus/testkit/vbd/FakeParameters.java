package dev.xenbus.testkit.vbd;

import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.ParameterValues;
import java.util.List;
import java.util.TreeMap;

/// The defaults of declared parameters, some of them changed.
public final class FakeParameters implements ParameterValues {
  private final TreeMap<String, String> values = new TreeMap<>();

  /// Takes the defaults.
  ///
  /// @param changes `name=value` words
  public FakeParameters(List<KernelParameter> declared, List<String> changes) {
    for (KernelParameter parameter : declared) {
      values.put(parameter.name(), parameter.defaultValue());
    }
    for (String change : changes) {
      String[] parts = change.split("=", 2);
      if (values.put(parts[0], parts[1]) == null) {
        throw new IllegalArgumentException("not declared: " + parts[0]);
      }
    }
  }

  @Override
  public boolean flag(String name) {
    return text(name).equals("1");
  }

  @Override
  public long number(String name) {
    return Long.parseLong(text(name));
  }

  @Override
  public String text(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("not declared: " + name);
    }
    return value;
  }
}
