package dev.xenbus.linux.command;

import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.ModuleTable;
import java.util.List;
import java.util.Optional;

/// What `modprobe` and `rmmod` have in common: they do something with one module of the kernel.
abstract class ModuleCommand extends KernelCommand {
  ModuleCommand(String name, String summary, String usage) {
    super(name, summary, usage, 1);
  }

  /// Does it.
  ///
  /// @param modules those of the kernel
  /// @param module the module's name, with underscores
  /// @param options the words that begin with a minus
  /// @return why it cannot be done
  /// @throws UsageException if an option is not known
  abstract Optional<String> act(ModuleTable modules, String module, List<String> options)
      throws UsageException;

  @Override
  final int execute(Context context, List<String> arguments) throws UsageException {
    List<String> options = arguments.stream().filter(word -> word.startsWith("-")).toList();
    List<String> names = arguments.stream().filter(word -> !word.startsWith("-")).toList();
    if (names.size() != 1) {
      throw new UsageException("needs the name of one module");
    }
    if (!(context.kernel() instanceof LinuxKernel kernel)) {
      throw new IllegalStateException("a kernel without modules");
    }
    Optional<String> complaint = act(kernel.modules(), names.getFirst().replace('-', '_'), options);
    complaint.ifPresent(text -> context.err().println(name() + ": " + text));
    return complaint.isPresent() ? 1 : 0;
  }
}
