package dev.xenbus.scenarios;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.StateFact;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Which states the drivers may publish after which, checked whenever one is: the state machines of
/// `drivers/net/xen-netback/xenbus.c`, `drivers/block/xen-blkback/xenbus.c`,
/// `drivers/net/xen-netfront.c` and `drivers/block/xen-blkfront.c`. Closing is allowed after every
/// state: `xenbus_dev_fatal` publishes it. A driver that is bound begins from whatever it finds.
///
/// Netback publishes late: while it waits for the hotplug script it goes on unseen, so that Closed
/// may follow InitWait. And it goes on to Connected after it has published that connecting failed.
final class StateInvariants {
  private static final Map<String, Set<String>> LEGAL =
      Map.of(
          "backend vif",
              Set.of("1>2", "1>6", "2>4", "2>6", "4>8", "4>6", "8>6", "5>4", "5>6", "6>2"),
          // A frontend that jumps about makes blkback connect from where it is.
          "backend vbd",
              Set.of("1>2", "1>4", "1>6", "2>4", "2>6", "4>6", "5>4", "5>6", "6>2", "6>4"),
          "frontend vif", Set.of("1>4", "1>6", "2>4", "2>6", "4>6", "5>6", "5>1", "6>1", "6>4"),
          "frontend vbd", Set.of("1>3", "1>6", "3>4", "3>6", "4>6", "5>6", "5>1", "6>1", "6>3"));

  private StateInvariants() {}

  /// Returns what is wrong with it, if anything. Devices of other types may publish anything.
  static Optional<String> broken(StateFact fact) {
    Set<String> legal = LEGAL.get((fact.backend() ? "backend " : "frontend ") + fact.type());
    String step = fact.from().code() + ">" + fact.to().code();
    return legal == null
            || fact.probing()
            || fact.to() == XenbusState.CLOSING
            || legal.contains(step)
        ? Optional.empty()
        : Optional.of(
            "states: " + fact.nodePath() + " goes from " + fact.from() + " to " + fact.to());
  }
}
