package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// CONTROL: commands to the daemon itself.
final class ControlRequests {
  private static final List<String> SWITCHES = List.of("obj", "io", "wrl", "acc", "tdb");

  private final Domains domains;
  private final Tree tree;
  private final WatchTable watches;
  private final StoreHost host;
  private final List<Command> commands;
  private final boolean[] switches = new boolean[SWITCHES.size()];

  private final Saver saver;
  private Runnable onSwitch = () -> {};

  /// Saves the store to a file.
  interface Saver {
    /// Returns whether that worked.
    boolean save(String file) throws Refused;
  }

  private record Command(String name, String parameters, Action action) {}

  private interface Action {
    String run(String[] arguments) throws Refused;
  }

  ControlRequests(Domains domains, Tree tree, WatchTable watches, StoreHost host, Saver saver) {
    this.domains = domains;
    this.tree = tree;
    this.watches = watches;
    this.host = host;
    this.saver = saver;
    this.commands =
        List.of(
            new Command("check", "", this::check),
            new Command("log", "[on|off|+<switch>|-<switch>]", this::log),
            new Command("memreport", "[<file>]", this::memreport),
            new Command("logfile", "<file>", this::logfile),
            new Command("print", "<string>", this::print),
            new Command("quota", "[set <name> <val>|<domid>|max [-r]]", this::quota),
            new Command("quota-soft", "[set <name> <val>]", this::quotaSoft),
            new Command("dump", "<file>", this::dump),
            new Command("help", "", this::help));
  }

  /// Whether requests and replies are to be traced.
  boolean tracesIo() {
    return switches[SWITCHES.indexOf("io")];
  }

  void control(Request request) throws Refused {
    String[] words = request.texts();
    if (words.length == 0) {
      throw Refused.EINVAL;
    }
    String[] arguments = new String[words.length - 1];
    System.arraycopy(words, 1, arguments, 0, arguments.length);
    if (domains.general().dialect().mergesTransactions() && !words[0].equals("dump")) {
      request.reply(words[0].equals("quota") ? ocamlQuota(arguments) : "OK");
      return;
    }
    for (Command command : commands) {
      if (command.name.equals(words[0])) {
        request.reply(command.action.run(arguments));
        return;
      }
    }
    throw Refused.EINVAL;
  }

  /// What oxenstored says of the nodes of a domain; of what is no domid, nothing.
  private String ocamlQuota(String[] arguments) {
    if (arguments.length == 0 || !arguments[0].matches("[0-9]{1,5}")) {
      return "OK";
    }
    int domid = Integer.parseInt(arguments[0]);
    Domain domain = domid > Numbers.DOMID_MAX ? null : domains.find(domid);
    int nodes = domain == null ? 0 : domain.use(Quota.NODES);
    String use = nodes == 0 ? "not set" : nodes + "/" + domains.general().value(Quota.NODES);
    return "dom" + domid + " quota: " + use;
  }

  private static void require(boolean wellFormed) throws Refused {
    if (!wellFormed) {
      throw Refused.EINVAL;
    }
  }

  private String help(String[] arguments) throws Refused {
    require(arguments.length == 0);
    StringBuilder text = new StringBuilder();
    for (Command command : commands) {
      text.append(String.format(Locale.ROOT, "%-15s %s\n", command.name, command.parameters));
    }
    return text.toString();
  }

  // ---- log and reports

  /// Sets what is called when requests begin or cease to be logged.
  void onSwitch(Runnable action) {
    onSwitch = action;
  }

  void logRequests(boolean on) {
    switches[SWITCHES.indexOf("io")] = on;
  }

  /// Ours: the C daemon saves its state at a live update only.
  private String dump(String[] arguments) throws Refused {
    require(arguments.length == 1 && saver.save(arguments[0]));
    return "OK";
  }

  private String check(String[] arguments) throws Refused {
    require(arguments.length == 0);
    List<String> faults = new ConsistencyCheck(tree, domains).run();
    faults.forEach(host::log);
    host.log("consistency check: " + faults.size() + " faults");
    return "OK";
  }

  private String log(String[] arguments) throws Refused {
    require(arguments.length <= 1);
    if (arguments.length == 0) {
      StringBuilder text = new StringBuilder("Log switch settings:\n");
      for (int i = 0; i < switches.length; i++) {
        text.append(
            String.format(Locale.ROOT, "%-8s: %s\n", SWITCHES.get(i), switches[i] ? "on" : "off"));
      }
      return text.toString();
    }
    String word = arguments[0];
    if (word.equals("on") || word.equals("off")) {
      logRequests(word.equals("on"));
      onSwitch.run();
      return "OK";
    }
    require(word.startsWith("+") || word.startsWith("-"));
    int index = SWITCHES.indexOf(word.substring(1));
    require(index >= 0);
    switches[index] = word.startsWith("+");
    onSwitch.run();
    return "OK";
  }

  private String logfile(String[] arguments) throws Refused {
    require(arguments.length == 1 && host.openTrace(arguments[0]));
    onSwitch.run();
    return "OK";
  }

  private String print(String[] arguments) throws Refused {
    require(arguments.length == 1);
    Journal journal = host.journal();
    if (journal != null) {
      journal.line("control: " + arguments[0]);
    }
    return "OK";
  }

  private String memreport(String[] arguments) throws Refused {
    require(arguments.length <= 1);
    List<String> lines = new ArrayList<>();
    lines.add("watched paths: " + watches.paths());
    for (Domain domain = domains.next(0);
        domain != null;
        domain = domains.next(domain.domid() + 1)) {
      lines.add(
          "domain "
              + domain.domid()
              + ": nodes "
              + domain.use(Quota.NODES)
              + ", bytes "
              + domain.use(Quota.MEMORY)
              + ", connections "
              + domain.clients().size());
    }
    require(host.report(arguments.length == 0 ? "" : arguments[0], String.join("\n", lines)));
    return "OK";
  }

  // ---- quotas

  private String quota(String[] arguments) throws Refused {
    if (arguments.length == 0) {
      StringBuilder text = new StringBuilder("Quota settings:\n");
      for (Quota quota : Quota.values()) {
        text.append(setting(quota.label(), domains.general().value(quota), quota.description()));
      }
      return text.toString();
    }
    if (arguments[0].equals("set")) {
      require(arguments.length == 3);
      Quota quota = Quota.ofLabel(arguments[1]).orElseThrow(() -> Refused.EINVAL);
      domains.general().set(quota, positive(arguments[2]));
      return "OK";
    }
    if (arguments[0].equals("max")) {
      require(arguments.length == 1 || (arguments.length == 2 && arguments[1].equals("-r")));
      return quotaMax(arguments.length == 2);
    }
    require(arguments.length == 1);
    Domain domain = domains.find(Numbers.domid(arguments[0]));
    if (domain == null) {
      throw Refused.ENOENT;
    }
    StringBuilder text = new StringBuilder("Domain " + domain.domid() + ":\n");
    for (Quota quota : Quota.values()) {
      text.append(account(quota, domain.use(quota), domain.useMax(quota)));
    }
    return text.toString();
  }

  private String quotaMax(boolean forget) {
    int[] most = new int[Quota.values().length];
    for (Domain domain = domains.next(1);
        domain != null;
        domain = domains.next(domain.domid() + 1)) {
      for (Quota quota : Quota.values()) {
        most[quota.index()] = Math.max(most[quota.index()], domain.useMax(quota));
      }
      if (forget) {
        domain.forgetMaxima();
      }
    }
    StringBuilder text = new StringBuilder("Max. seen accounting values:\n");
    for (Quota quota : Quota.values()) {
      text.append(String.format(Locale.ROOT, "%-17s: %8d\n", quota.label(), most[quota.index()]));
    }
    return text.toString();
  }

  private String quotaSoft(String[] arguments) throws Refused {
    if (arguments.length == 0) {
      return "Quota settings:\n"
          + setting(
              Quota.MEMORY.label(), domains.general().softMemory(), Quota.MEMORY.description());
    }
    require(
        arguments.length == 3
            && arguments[0].equals("set")
            && arguments[1].equals(Quota.MEMORY.label()));
    domains.general().setSoftMemory(positive(arguments[2]));
    return "OK";
  }

  private static int positive(String text) throws Refused {
    int number = Numbers.number(text);
    require(number >= 1);
    return number;
  }

  private static String setting(String name, int value, String description) {
    return String.format(Locale.ROOT, "%-17s: %8d %s\n", name, value, description);
  }

  private static String account(Quota quota, int use, int most) {
    return String.format(Locale.ROOT, "%-17s: %8d (max %8d)\n", quota.label(), use, most);
  }
}
