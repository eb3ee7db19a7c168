package dev.xenbus.machine;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks a method that mirrors a kernel function, so that `/proc/<pid>/stack` shows the name that
/// an engineer knows. All overloads of a method carry the same symbol, since a stack frame does not
/// tell them apart.
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.CONSTRUCTOR})
public @interface KernelSymbol {
  /// Returns the kernel function's name, such as `xenvif_disconnect_data`.
  String value();

  /// Returns the kernel module that it is in, such as `xen_netback`; empty for the kernel proper.
  String module() default "";

  /// Returns whether the kernel counts it as a part of the scheduler (`__sched`), such as
  /// `mutex_lock`: a hung-task report shows it and `/proc/<pid>/stack` does not.
  boolean sched() default false;
}
