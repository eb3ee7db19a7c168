package dev.xenbus.xenstore.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The facts that come with this module: one file each, below the folder `facts` beside this class,
/// in a folder for each topic.
public final class Facts {
  private static final String ENDING = ".xs";
  private static final String MODULE = "dev.xenbus.xenstore.conformance";
  private static final String FOLDER = MODULE.replace('.', '/') + "/facts/";

  private Facts() {}

  /// Returns all facts, by name.
  ///
  /// @throws IOException if they cannot be read
  public static List<StoreScript> all() throws IOException {
    List<StoreScript> scripts = new ArrayList<>();
    try (ModuleReader reader = here().open()) {
      List<String> names;
      try (var list = reader.list()) {
        names = list.filter(n -> n.startsWith(FOLDER) && n.endsWith(ENDING)).sorted().toList();
      }
      for (String name : names) {
        try (InputStream in = reader.open(name).orElseThrow()) {
          String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
          String plain = name.substring(FOLDER.length(), name.length() - ENDING.length());
          scripts.add(StoreScript.parse(plain, text));
        }
      }
    }
    return scripts;
  }

  /// Finds this module where it lies, also if it is used from the class path.
  private static ModuleReference here() {
    try {
      Path place = Path.of(Facts.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return ModuleFinder.of(place).find(MODULE).orElseThrow();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("this class has no place", e);
    }
  }
}
