package dev.xenbus.xl.cli;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// All commands, in the order of the help (`tools/xl/xl_cmdtable.c`).
final class Subcommands {
  private static final List<Subcommand> ALL =
      List.of(
          new Subcommand(
              "create",
              "<ConfigFile> [options] [vars]",
              "Create a domain from config file <filename>",
              List.of(
                  "-p                      Leave the domain paused after it is created.",
                  "-c                      Connect to the console after the domain is created.",
                  "-f FILE, --defconfig=FILE",
                  "                        Use the given configuration file.",
                  "-q, --quiet             Quiet.",
                  "-n, --dryrun            Dry run - prints the resulting configuration",
                  "                         (deprecated in favour of global -N option).",
                  "-d                      Enable debug messages.",
                  "-F                      Run in foreground until death of the domain.",
                  "-e                      Do not wait in the background for the death of the"
                      + " domain."),
              "pcf:qndFe",
              0,
              CreateCommand::run),
          new Subcommand(
              "list",
              "[options] [Domain]",
              "List information about all/some domains",
              List.of(
                  "-l, --long              Output all VM details",
                  "-v, --verbose           Prints out UUIDs and security context",
                  "-c                      Prints out cpupool and security context",
                  "-Z, --context           Prints out security context",
                  "-n, --numa              Prints out NUMA node affinity"),
              "lvcZn",
              0,
              ListCommand::run),
          new Subcommand(
              "destroy",
              "[options] <Domain>",
              "Terminate a domain immediately",
              List.of(
                  "-f                      Permit destroying domain 0, which will only succeed",
                  "                        when run from disaggregated toolstack domain with a",
                  "                        hardware domain distinct from domain 0."),
              "f",
              1,
              DomainCommands::destroy),
          new Subcommand(
              "shutdown",
              "[options] <-a|Domain>",
              "Issue a shutdown signal to a domain",
              List.of(
                  "-a, --all               Shutdown all guest domains.",
                  "-w, --wait              Wait for guest(s) to shutdown."),
              "awF",
              0,
              DomainCommands::shutdown),
          new Subcommand(
              "reboot",
              "[options] <-a|Domain>",
              "Issue a reboot signal to a domain",
              List.of(
                  "-a, --all               Reboot all guest domains.",
                  "-w, --wait              Wait for guest(s) to reboot."),
              "awF",
              0,
              DomainCommands::reboot),
          new Subcommand(
              "save",
              "[options] <Domain> <CheckpointFile> [<ConfigFile>]",
              "Save a domain state to restore later",
              List.of(
                  "-h  Print this help.",
                  "-c  Leave domain running after creating the snapshot.",
                  "-p  Leave domain paused after creating the snapshot.",
                  "-D  Preserve the domain id."),
              "cpD",
              2,
              SaveCommands::save),
          new Subcommand(
              "migrate",
              "[options] <Domain> <host>",
              "Migrate a domain to another host",
              List.of(
                  "-h              Print this help.",
                  "-e              Do not wait in the background (on <host>) for the death",
                  "                of the domain."),
              "e",
              2,
              SaveCommands::migrate),
          new Subcommand(
              "restore",
              "[options] [<ConfigFile>] <CheckpointFile>",
              "Restore a domain from a saved state",
              List.of(
                  "-h                       Print this help.",
                  "-p                       Do not unpause domain after restoring it.",
                  "-e                       Do not wait in the background for the death of the"
                      + " domain."),
              "pe",
              1,
              SaveCommands::restore),
          simple(
              "sysrq", "<Domain> <letter>", "Send a sysrq to a domain", 2, DomainCommands::sysrq),
          simple("pause", "<Domain>", "Pause execution of a domain", 1, DomainCommands::pause),
          simple("unpause", "<Domain>", "Unpause a paused domain", 1, DomainCommands::unpause),
          new Subcommand(
              "console",
              "[options] <Domain>",
              "Attach to domain's console",
              List.of(
                  "-t <type>         console type, pv , serial or vuart",
                  "-n <number>       console number",
                  "-c <command>      run one command in the guest's shell and end with its exit"
                      + " code"),
              "t:n:c:",
              1,
              ConsoleCommand::run),
          simple(
              "domid",
              "<DomainName>",
              "Convert a domain name to domain id",
              1,
              DomainCommands::domid),
          simple(
              "domname",
              "<DomainId>",
              "Convert a domain id to domain name",
              1,
              DomainCommands::domname),
          simple(
              "rename", "<Domain> <NewDomainName>", "Rename a domain", 2, DomainCommands::rename),
          simple(
              "vcpu-list",
              "[Domain, ...]",
              "List the VCPUs for all/some domains",
              0,
              DomainCommands::vcpuList),
          simple(
              "vm-list",
              "",
              "List guest domains, excluding dom0, stubdoms, etc.",
              0,
              DomainCommands::vmList),
          new Subcommand(
              "uptime",
              "[-s] [Domain]",
              "Print uptime for all/some domains",
              List.of(),
              "s",
              0,
              DomainCommands::uptime),
          simple("info", "[-n|--numa]", "Get information about Xen host", 0, InfoCommand::run),
          simple(
              "block-attach",
              "<Domain> <disk-spec-component(s)>...",
              "Create a new virtual block device",
              2,
              DeviceCommands::blockAttach),
          simple(
              "block-list",
              "<Domain(s)>",
              "List virtual block devices for a domain",
              1,
              DeviceCommands::blockList),
          new Subcommand(
              "block-detach",
              "<Domain> <DevId>",
              "Destroy a domain's virtual block device",
              List.of(
                  "-f, --force        forcefully disconnect even if guest doesn't release the"
                      + " device"),
              "f",
              2,
              DeviceCommands::blockDetach),
          simple(
              "network-attach",
              "<Domain> [type=<type>] [mac=<mac>] [bridge=<bridge>] [ip=<ip>] [script=<script>]"
                  + " [backend=<BackDomain>] [vifname=<name>] [rate=<rate>] [model=<model>]",
              "Create a new virtual network device",
              1,
              DeviceCommands::networkAttach),
          simple(
              "network-list",
              "<Domain(s)>",
              "List virtual network interfaces for a domain",
              1,
              DeviceCommands::networkList),
          simple(
              "network-detach",
              "<Domain> <DevId|mac>",
              "Destroy a domain's virtual network device",
              2,
              DeviceCommands::networkDetach),
          new Subcommand(
              "devd",
              "[options]",
              "Daemon that listens for devices and launches backends",
              List.of("-F                      Run in the foreground."),
              "F",
              0,
              DevdCommand::run));

  private Subcommands() {}

  private static Subcommand simple(
      String name, String usage, String description, int argumentsMin, Subcommand.Action action) {
    return new Subcommand(name, usage, description, List.of(), "", argumentsMin, action);
  }

  /// Returns the command of the given name, or of the only one that begins so.
  static Optional<Subcommand> named(String name) {
    Optional<Subcommand> exact =
        ALL.stream().filter(command -> command.name().equals(name)).findFirst();
    if (exact.isPresent()) {
      return exact;
    }
    List<Subcommand> beginning =
        ALL.stream().filter(command -> command.name().startsWith(name)).toList();
    return beginning.size() == 1 ? Optional.of(beginning.getFirst()) : Optional.empty();
  }

  /// Returns the list of commands for the help.
  static String overview() {
    StringBuilder text = new StringBuilder("\nxl full list of subcommands:\n\n");
    for (Subcommand command : ALL) {
      text.append(String.format(Locale.ROOT, " %-19s %s\n", command.name(), command.description()));
    }
    return text.toString();
  }
}
