package dev.xenbus.testkit;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.OpenFile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;

/// Files in a map.
final class TestFiles implements KernelFiles {
  private final ConcurrentSkipListMap<String, KernelFile> files = new ConcurrentSkipListMap<>();

  TestFiles() {}

  @Override
  public void add(String path, KernelFile file) {
    if (files.putIfAbsent(path, file) != null) {
      throw new IllegalArgumentException("there is a file " + path);
    }
  }

  @Override
  public void remove(String path) {
    files.keySet().removeIf(file -> file.equals(path) || file.startsWith(path + "/"));
  }

  @Override
  public String read(String path) throws KernelException {
    return find(path).read();
  }

  @Override
  public OpenFile open(String path) throws KernelException {
    return find(path).open();
  }

  @Override
  public void write(String path, String text) throws KernelException {
    find(path).write(text);
  }

  private KernelFile find(String path) throws KernelException {
    KernelFile file = files.get(path);
    if (file == null) {
      throw new KernelException(Errno.ENOENT, path);
    }
    return file;
  }

  @Override
  public List<String> list(String path) throws KernelException {
    List<String> names = new ArrayList<>();
    for (String file : files.keySet()) {
      if (file.startsWith(path + "/")) {
        String rest = file.substring(path.length() + 1);
        int slash = rest.indexOf('/');
        String name = slash < 0 ? rest : rest.substring(0, slash + 1);
        if (!names.contains(name)) {
          names.add(name);
        }
      }
    }
    if (names.isEmpty()) {
      throw new KernelException(Errno.ENOENT, path);
    }
    return names;
  }
}
