package dev.xenbus.xenstore.conformance;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.xenstore.conformance.StoreScript.Step;
import java.io.EOFException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/// The actors of one script and their connections.
final class Stage implements AutoCloseable {
  private final Target target;
  private final SequencedMap<String, Actor> actors = new LinkedHashMap<>();

  Stage(Target target) {
    this.target = target;
  }

  /// Opens every actor's connection.
  ///
  /// @return what the target lacks, if it lacks something
  Optional<String> prepare(StoreScript script) throws IOException {
    target.hypervisor().ifPresent(xen -> script.domainsGiven().forEach(xen::create));
    for (Step step : script.steps()) {
      String name = step.actor();
      if (step.operation().equals("BYTES") && !target.takesBytes()) {
        return Optional.of("the target takes whole frames only");
      }
      if (name.equals("xen")) {
        if (target.hypervisor().isEmpty()) {
          return Optional.of("the target's hypervisor cannot be played with");
        }
      } else if (!actors.containsKey(name)) {
        Optional<Target.Channel> channel = open(name);
        if (channel.isEmpty()) {
          return Optional.of("the target has no domain " + StoreScript.domainOf(name));
        }
        actors.put(name, new Actor(channel.get()));
      }
    }
    return Optional.empty();
  }

  private Optional<Target.Channel> open(String actor) throws IOException {
    return actor.startsWith("s")
        ? Optional.of(target.open())
        : target.openDomain(StoreScript.domainOf(actor));
  }

  /// Plays a line.
  ///
  /// @return what was wrong, if something was
  Optional<String> play(Step step) throws IOException {
    for (int round = 1; round <= step.times(); round++) {
      Optional<String> wrong = playOnce(step.round(round));
      if (wrong.isPresent()) {
        return step.times() == 1 ? wrong : Optional.of("round " + round + ": " + wrong.get());
      }
    }
    return Optional.empty();
  }

  private Optional<String> playOnce(Step step) throws IOException {
    if (step.actor().equals("xen")) {
      return hypercall(step);
    }
    Actor actor = actors.get(step.actor());
    if (actor == null) {
      throw new IllegalStateException(step.actor() + " was not prepared");
    }
    try {
      return switch (step.operation()) {
        case "EVENT" -> actor.expectEvent(step, 0);
        case "EVENT_BEFORE" -> actor.expectEvent(step, -1);
        case "EVENT_AFTER" -> actor.expectEvent(step, 1);
        case "NONE" -> actor.expectNoEvent();
        case "CLOSED" -> actor.expectClosed();
        case "RECONNECT" -> {
          actor.close();
          actors.put(step.actor(), new Actor(open(step.actor()).orElseThrow()));
          yield Optional.empty();
        }
        case "BYTES" -> {
          actor.sendBytes(ScriptRunner.bytes(step.arguments().getFirst()));
          yield Optional.empty();
        }
        case "SEND" -> {
          actor.post(step);
          yield Optional.empty();
        }
        case "REPLY" -> compare(step, actor.nextReply(step.arguments().getFirst()));
        default -> request(actor, step);
      };
    } catch (EOFException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private Optional<String> request(Actor actor, Step step) throws IOException {
    return compare(step, actor.ask(step));
  }

  private Optional<String> compare(Step step, Message reply) {
    Expected expected = step.expectedOf(target.profile());
    return expected.matches(reply)
        ? Optional.empty()
        : Optional.of("expected " + expected + ", got " + show(reply));
  }

  private Optional<String> hypercall(Step step) {
    Target.Hypervisor xen = target.hypervisor().orElseThrow();
    int domid = Integer.parseInt(step.arguments().getFirst());
    switch (step.operation()) {
      case "CREATE" -> xen.create(domid);
      case "STOP" -> xen.stop(domid);
      case "START" -> xen.start(domid);
      case "KILL" -> xen.kill(domid);
      default ->
          throw new IllegalArgumentException(
              step.operation() + " is nothing that xen does; CREATE, STOP, START, KILL are");
    }
    return Optional.empty();
  }

  static String show(Message reply) {
    String type =
        dev.xenbus.abi.xenstore.MessageType.ofCode(reply.header().type())
            .map(Enum::name)
            .orElse("type " + reply.header().type());
    return type + " \"" + reply.string().replace("\0", "\\0") + "\"";
  }

  @Override
  public void close() throws IOException {
    for (Actor actor : actors.values()) {
      actor.close();
    }
    actors.clear();
  }
}
