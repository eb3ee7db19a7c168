package dev.xenbus.machine;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// The stack of a task with the kernel's names: the frames whose method carries [KernelSymbol],
/// innermost first.
///
/// What a method's symbol is, is looked up once. A stack element names its class and not the
/// loader, so the layers of loaded driver modules are told with [#addLayer]; those of the boot
/// layer and of the class path are found anyway.
///
/// Differs: no offsets (`+0x4e/0x120`), since there are none.
///
/// Threads: any.
public final class KernelStack {
  /// One frame.
  ///
  /// @param symbol the kernel function
  /// @param module the kernel module that it is in; empty for the kernel proper
  /// @param sched whether `/proc/<pid>/stack` leaves it out
  public record Frame(String symbol, String module, boolean sched) {
    /// As the kernel prints it: `kthread_stop`, `frontend_changed [xen_netback]`.
    @Override
    public String toString() {
      return module.isEmpty() ? symbol : symbol + " [" + module + "]";
    }
  }

  private final CopyOnWriteArrayList<ModuleLayer> layers = new CopyOnWriteArrayList<>();
  private final ConcurrentHashMap<String, Optional<Frame>> known = new ConcurrentHashMap<>();

  /// Makes one that knows the boot layer and the class path.
  public KernelStack() {}

  /// Adds the layer of a driver module that was loaded.
  public void addLayer(ModuleLayer layer) {
    layers.add(layer);
    known.clear();
  }

  /// Drops the layer of a driver module that is unloaded.
  public void removeLayer(ModuleLayer layer) {
    layers.remove(layer);
    known.clear();
  }

  /// Returns all named frames of a task, innermost first; none once it ended.
  public List<Frame> frames(Task task) {
    return frames(task.stack());
  }

  /// Returns the named frames of a stack, innermost first. Overloads that call each other are one
  /// frame.
  public List<Frame> frames(StackTraceElement[] stack) {
    List<Frame> frames = new ArrayList<>();
    Frame last = null;
    for (StackTraceElement element : stack) {
      Optional<Frame> frame =
          known.computeIfAbsent(
              element.getModuleName()
                  + "/"
                  + element.getClassName()
                  + "#"
                  + element.getMethodName(),
              key -> find(element));
      if (frame.isPresent() && !frame.get().equals(last)) {
        frames.add(frame.get());
      }
      last = frame.orElse(null);
    }
    return frames;
  }

  /// Returns what `/proc/<pid>/stack` shows: `[<0>] kthread_stop` and so on, a line each, without
  /// the scheduler's own functions. Mirrors `proc_pid_stack` (`fs/proc/base.c`).
  public String proc(Task task) {
    StringBuilder text = new StringBuilder();
    for (Frame frame : frames(task)) {
      if (!frame.sched()) {
        text.append("[<0>] ").append(frame).append('\n');
      }
    }
    return text.toString();
  }

  private Optional<Frame> find(StackTraceElement element) {
    Class<?> type = type(element);
    if (type == null) {
      return Optional.empty();
    }
    try {
      Executable[] candidates =
          element.getMethodName().equals("<init>")
              ? type.getDeclaredConstructors()
              : type.getDeclaredMethods();
      for (Executable candidate : candidates) {
        KernelSymbol symbol = candidate.getAnnotation(KernelSymbol.class);
        if (symbol != null && name(candidate).equals(element.getMethodName())) {
          return Optional.of(new Frame(symbol.value(), symbol.module(), symbol.sched()));
        }
      }
    } catch (LinkageError e) {
      return Optional.empty(); // a signature names a class that is not there: no name then
    }
    return Optional.empty();
  }

  private static String name(Executable candidate) {
    return switch (candidate) {
      case Method method -> method.getName();
      case Constructor<?> _ -> "<init>";
    };
  }

  private @Nullable Class<?> type(StackTraceElement element) {
    String module = element.getModuleName();
    if (module != null) {
      if (module.startsWith("java.") || module.startsWith("jdk.")) {
        return null;
      }
      for (ModuleLayer layer : layers) {
        Class<?> found =
            layer
                .findModule(module)
                .map(m -> Class.forName(m, element.getClassName()))
                .orElse(null);
        if (found != null) {
          return found;
        }
      }
      Class<?> found =
          ModuleLayer.boot()
              .findModule(module)
              .map(m -> Class.forName(m, element.getClassName()))
              .orElse(null);
      if (found != null) {
        return found;
      }
    }
    try {
      return Class.forName(element.getClassName(), false, KernelStack.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      return null; // a hidden class, or one of a loader that nobody told us of
    }
  }
}
