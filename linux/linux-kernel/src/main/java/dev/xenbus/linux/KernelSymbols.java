package dev.xenbus.linux;

import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import java.lang.reflect.Executable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/// Names the frames of a task as the kernel does (`kallsyms`), from [KernelSymbol].
final class KernelSymbols {
  /// Most frames of a stack (`MAX_STACK_TRACE_DEPTH`).
  private static final int FRAMES_MAX = 64;

  /// A kernel function.
  ///
  /// @param name such as `xenvif_disconnect_data`
  /// @param module such as `xen_netback`; empty for the kernel proper
  /// @param isSched whether `/proc/<pid>/stack` leaves it out
  private record Symbol(String name, String module, boolean isSched) {
    /// Returns the form of a trace: `xenvif_disconnect_data [xen_netback]`.
    @Override
    public String toString() {
      return module.isEmpty() ? name : name + " [" + module + "]";
    }
  }

  private final CopyOnWriteArrayList<ClassLoader> loaders = new CopyOnWriteArrayList<>();
  private final ConcurrentSkipListMap<String, Optional<Symbol>> known =
      new ConcurrentSkipListMap<>();

  KernelSymbols() {
    loaders.add(KernelSymbols.class.getClassLoader());
  }

  /// Adds where the classes of a module come from that is not in the boot layer.
  void addLoader(ClassLoader loader) {
    loaders.addIfAbsent(loader);
  }

  /// Returns the frames of `/proc/<pid>/stack`, innermost first.
  List<String> stack(Task task) {
    return frames(task, false);
  }

  /// Returns the frames of a report, innermost first, those of the scheduler too.
  List<String> report(Task task) {
    return frames(task, true);
  }

  private List<String> frames(Task task, boolean withSched) {
    List<String> frames = new ArrayList<>();
    String previous = "";
    for (StackTraceElement frame : task.stack()) {
      Optional<Symbol> symbol = symbol(frame);
      if (symbol.isEmpty() || (symbol.get().isSched() && !withSched)) {
        continue;
      }
      String text = symbol.get().toString();
      // An overload that calls another has one symbol with it.
      if (!text.equals(previous) && frames.size() < FRAMES_MAX) {
        frames.add(text);
      }
      previous = text;
    }
    return frames;
  }

  private Optional<Symbol> symbol(StackTraceElement frame) {
    String key = frame.getClassName() + "#" + frame.getMethodName();
    Optional<Symbol> found = known.get(key);
    if (found == null) {
      found = look(frame.getClassName(), frame.getMethodName());
      known.put(key, found);
    }
    return found;
  }

  private Optional<Symbol> look(String className, String methodName) {
    if (className.startsWith("java.") || className.startsWith("jdk.")) {
      return Optional.empty();
    }
    for (ClassLoader loader : loaders) {
      try {
        Class<?> type = Class.forName(className, false, loader);
        Stream<? extends Executable> candidates =
            methodName.equals("<init>")
                ? Stream.of(type.getDeclaredConstructors())
                : Stream.of(type.getDeclaredMethods());
        return candidates
            .filter(each -> methodName.equals("<init>") || each.getName().equals(methodName))
            .flatMap(each -> Stream.ofNullable(each.getAnnotation(KernelSymbol.class)))
            .findFirst()
            .map(each -> new Symbol(each.value(), each.module(), each.sched()));
      } catch (ClassNotFoundException | LinkageError elsewhere) {
        // Another module's loader may know it.
      }
    }
    return Optional.empty();
  }
}
