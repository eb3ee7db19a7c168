package dev.xenbus.linux;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.OpenFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/// The files of a kernel, one map from path to file; a folder is there because something is in it.
///
/// Any task may use it, and threads from outside of the machine: there is no lock.
final class FileTree implements KernelFiles {
  /// The character after `/`: what comes behind all of a folder's content.
  private static final char AFTER_SLASH = '0';

  /// A folder whose content is made when it is looked at, such as `/proc` with its tasks. Its names
  /// are listed beside those of files that were added.
  interface DynamicFolder {
    /// Returns its names; folders end in `/`.
    List<String> names();

    /// Returns what is inside of one of its folders; empty if there is no such folder.
    Optional<List<String>> names(String folder);

    /// Returns a file by its path in this folder.
    Optional<KernelFile> file(String path);
  }

  private final ConcurrentSkipListMap<String, KernelFile> files = new ConcurrentSkipListMap<>();
  private final ConcurrentSkipListMap<String, DynamicFolder> dynamic =
      new ConcurrentSkipListMap<>();

  @Override
  public void add(String path, KernelFile file) {
    String normal = normal(path);
    boolean isFolder = !under(normal).isEmpty();
    for (int slash = normal.lastIndexOf('/');
        slash > 0;
        slash = normal.lastIndexOf('/', slash - 1)) {
      isFolder |= files.containsKey(normal.substring(0, slash));
    }
    if (isFolder || normal.equals("/") || files.putIfAbsent(normal, file) != null) {
      throw new IllegalArgumentException("there is a file or folder already: " + path);
    }
  }

  /// Adds a folder whose content is made when it is looked at.
  void addFolder(String path, DynamicFolder folder) {
    if (dynamic.putIfAbsent(normal(path), folder) != null) {
      throw new IllegalArgumentException("there is such a folder already: " + path);
    }
  }

  @Override
  public void remove(String path) {
    String normal = normal(path);
    files.remove(normal);
    under(normal).clear();
  }

  @Override
  public String read(String path) throws KernelException {
    return file(path).read();
  }

  @Override
  public OpenFile open(String path) throws KernelException {
    return file(path).open();
  }

  @Override
  public void write(String path, String text) throws KernelException {
    file(path).write(text);
  }

  @Override
  public List<String> list(String path) throws KernelException {
    String normal = normal(path);
    if (files.containsKey(normal)) {
      throw new KernelException(Errno.ENOTDIR, "not a directory: " + path);
    }
    TreeSet<String> names = new TreeSet<>(staticNames(normal));
    boolean isFolder = !names.isEmpty() || normal.equals("/");
    for (Map.Entry<String, DynamicFolder> entry : dynamic.entrySet()) {
      String mount = entry.getKey();
      if (mount.equals(normal)) {
        isFolder = true;
        names.addAll(entry.getValue().names());
      } else if (isInside(mount, normal)) {
        isFolder = true;
        names.add(firstStep(mount, normal));
      } else if (isInside(normal, mount)) {
        Optional<List<String>> inner = entry.getValue().names(normal.substring(mount.length() + 1));
        isFolder |= inner.isPresent();
        inner.ifPresent(names::addAll);
      }
    }
    if (!isFolder) {
      throw new KernelException(Errno.ENOENT, "no such file or directory: " + path);
    }
    return List.copyOf(names);
  }

  private KernelFile file(String path) throws KernelException {
    String normal = normal(path);
    KernelFile file = files.get(normal);
    if (file == null) {
      file = dynamicFile(normal);
    }
    if (file != null) {
      return file;
    }
    list(path);
    throw new KernelException(Errno.EISDIR, "is a directory: " + path);
  }

  private @Nullable KernelFile dynamicFile(String normal) {
    for (Map.Entry<String, DynamicFolder> entry : dynamic.descendingMap().entrySet()) {
      String mount = entry.getKey();
      if (isInside(normal, mount)) {
        Optional<KernelFile> file = entry.getValue().file(normal.substring(mount.length() + 1));
        if (file.isPresent()) {
          return file.get();
        }
      }
    }
    return null;
  }

  /// Returns the names that added files give to a folder, each found by one step in the map.
  private List<String> staticNames(String folder) {
    String prefix = folder.equals("/") ? "/" : folder + "/";
    List<String> names = new ArrayList<>();
    String key = files.ceilingKey(prefix);
    while (key != null && key.startsWith(prefix)) {
      int slash = key.indexOf('/', prefix.length());
      if (slash < 0) {
        names.add(key.substring(prefix.length()));
        key = files.higherKey(key);
      } else {
        names.add(key.substring(prefix.length(), slash + 1));
        key = files.ceilingKey(key.substring(0, slash) + AFTER_SLASH);
      }
    }
    return names;
  }

  private SortedMap<String, KernelFile> under(String folder) {
    return files.subMap(folder + "/", folder + AFTER_SLASH);
  }

  private static boolean isInside(String path, String folder) {
    return path.startsWith(folder.equals("/") ? "/" : folder + "/") && !path.equals(folder);
  }

  private static String firstStep(String path, String folder) {
    int from = folder.equals("/") ? 1 : folder.length() + 1;
    int slash = path.indexOf('/', from);
    return (slash < 0 ? path.substring(from) : path.substring(from, slash)) + "/";
  }

  /// Returns an absolute path without doubled or trailing slashes, and without `.` and `..`.
  static String normal(String path) {
    List<String> steps = new ArrayList<>();
    for (String step : path.split("/", -1)) {
      if (step.equals("..")) {
        if (!steps.isEmpty()) {
          steps.removeLast();
        }
      } else if (!step.isEmpty() && !step.equals(".")) {
        steps.add(step);
      }
    }
    return "/" + String.join("/", steps);
  }
}
