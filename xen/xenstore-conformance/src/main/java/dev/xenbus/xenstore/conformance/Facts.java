package dev.xenbus.xenstore.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleReader;
import java.lang.module.ResolvedModule;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// The facts that come with this module: one file each, in the folder `facts` beside this class.
public final class Facts {
  private static final String ENDING = ".xs";

  private Facts() {}

  /// Returns all facts, by name.
  ///
  /// @throws IOException if they cannot be read
  public static List<StoreScript> all() throws IOException {
    String folder = Facts.class.getPackageName().replace('.', '/') + "/facts/";
    List<StoreScript> scripts = new ArrayList<>();
    try (ModuleReader reader = module().reference().open()) {
      List<String> names;
      try (var list = reader.list()) {
        names = list.filter(n -> n.startsWith(folder) && n.endsWith(ENDING)).sorted().toList();
      }
      for (String name : names) {
        try (InputStream in = reader.open(name).orElseThrow()) {
          String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
          String plain = name.substring(folder.length(), name.length() - ENDING.length());
          scripts.add(StoreScript.parse(plain, text));
        }
      }
    }
    return scripts;
  }

  private static ResolvedModule module() {
    Module module = Facts.class.getModule();
    ModuleLayer layer = Objects.requireNonNull(module.getLayer(), "not on the module path");
    return layer.configuration().findModule(module.getName()).orElseThrow();
  }
}
