package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.xenbus.abi.xenstore.MessageType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Random sequences of requests by two privileged connections and two guests against the naive
/// [ModelStore]: transactions, watches, permissions, quotas, targets, and the guests' deaths and
/// births included; every reply, every event in order, and the whole tree. A sequence that differs
/// is made small and printed as a store script. `-Dmodel.operations=N` sets how many requests there
/// are, `-Dseed=N` plays one sequence.
class ModelTest {
  private static final int OPERATIONS = Integer.getInteger("model.operations", 1_000_000);
  private static final int SEQUENCE = 2_000;
  private static final int[] DOMIDS = {0, 0, 5, 6};
  private static final int CLIENTS = DOMIDS.length;
  private static final int SLOTS = 2;
  private static final int SHORT = 10;
  private static final int NO_TRANSACTION = 999;

  private static final List<String> PATHS =
      List.of(
          "/a",
          "/a/b",
          "/a/b/c",
          "/a/d",
          "/e",
          "/e/f/g",
          "/",
          "rel",
          "rel/x",
          "/a/b/c/h",
          "/local/domain/5");
  private static final List<String> PERMS =
      List.of(
          "n0",
          "r0",
          "b0",
          "n0 r3",
          "w0 n4 b5",
          "n5",
          "n6",
          "b5 n6",
          "n6 r5",
          "n0 b5 r6",
          "n9",
          "n0 r5 r6 r9",
          "b0 n6");
  private static final List<String> VALUES =
      List.of("0", "1", "2", "", "nineteen-characters", "some-thirty-characters-or-less");
  private static final List<String> TOKENS = List.of("t", "u");

  /// One request.
  ///
  /// @param slot which of the client's transactions it is in, 0 for none
  private record Operation(int client, int slot, String name, String path, String argument) {
    @Override
    public String toString() {
      String who = actor(client) + (slot == 0 ? "" : ":t" + slot);
      if (name.equals("LIFE")) {
        return "xen KILL or CREATE " + DOMIDS[client];
      }
      if (name.equals("START")) {
        return actor(client) + " START t" + slot;
      }
      String operation = name.equals("WATCH_DEPTH") ? "WATCH" : name;
      return (who + " " + operation + " " + path + " " + argument).strip();
    }
  }

  @Test
  void storeDoesWhatTheModelDoes() {
    long only = Long.getLong("seed", 0);
    long sequences = only != 0 ? 1 : OPERATIONS / SEQUENCE;
    for (long i = 1; i <= sequences; i++) {
      long seed = only != 0 ? only : i;
      List<Operation> operations = sequence(seed);
      Optional<String> difference = play(operations, ModelFault.NONE);
      if (difference.isPresent()) {
        List<Operation> small = shrink(operations, ModelFault.NONE);
        fail("seed " + seed + ":\n" + script(small) + play(small, ModelFault.NONE).orElse(""));
      }
    }
  }

  /// The test would notice: each planted fault is found, and its sequence is short in the end.
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void plantedFaultIsFoundAndMadeSmall(ModelFault fault) {
    List<Operation> found = List.of();
    for (long seed = 1; found.isEmpty() && seed <= 50; seed++) {
      List<Operation> operations = sequence(seed);
      found = play(operations, fault).isPresent() ? operations : List.of();
    }
    List<Operation> small = shrink(found, fault);
    assertTrue(play(small, fault).isPresent(), () -> fault + " is found");
    assertTrue(small.size() <= SHORT, () -> script(small));
    assertEquals(Optional.empty(), play(small, ModelFault.NONE), () -> script(small));
  }

  // ---- sequences

  private static List<Operation> sequence(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Operation> operations = new ArrayList<>();
    while (operations.size() < SEQUENCE) {
      int client = random.nextInt(CLIENTS);
      int slot = random.nextInt(3) == 0 ? 1 + random.nextInt(SLOTS) : 0;
      String path = one(random, PATHS);
      String watched = random.nextInt(8) == 0 ? "@releaseDomain" : path;
      operations.add(
          switch (random.nextInt(36)) {
            case 0, 1, 2, 3 -> new Operation(client, slot, "READ", path, "");
            case 4, 5, 6, 7, 8, 9 ->
                new Operation(client, slot, "WRITE", path, one(random, VALUES));
            case 10, 11 -> new Operation(client, slot, "MKDIR", path, "");
            case 12, 13, 14 -> new Operation(client, slot, "RM", path, "");
            case 15, 16 -> new Operation(client, slot, "DIRECTORY", path, "");
            case 17 -> new Operation(client, slot, "GET_PERMS", path, "");
            case 18 -> new Operation(client, slot, "SET_PERMS", path, one(random, PERMS));
            case 19, 20, 31 -> new Operation(client, slot, "WATCH", watched, one(random, TOKENS));
            case 21 ->
                new Operation(
                    client,
                    0,
                    "WATCH_DEPTH",
                    watched,
                    one(random, TOKENS) + " " + random.nextInt(3));
            case 22, 23 -> new Operation(client, slot, "UNWATCH", watched, one(random, TOKENS));
            case 24, 25, 26 -> new Operation(client, 1 + random.nextInt(SLOTS), "START", "", "");
            case 27, 28, 29 -> new Operation(client, 1 + random.nextInt(SLOTS), "COMMIT", "", "");
            case 30 -> new Operation(client, 1 + random.nextInt(SLOTS), "ABORT", "", "");
            case 32 -> new Operation(client, 0, "RESET_WATCHES", "", "");
            case 33 -> new Operation(2 + random.nextInt(2), 0, "LIFE", "", "");
            case 34 -> new Operation(2 + random.nextInt(2), 0, "SET_TARGET", "", "");
            default -> new Operation(0, 0, "SET_PERMS", path, one(random, PERMS));
          });
    }
    return operations;
  }

  private static String one(SplittableRandom random, List<String> of) {
    return of.get(random.nextInt(of.size()));
  }

  private static String script(List<Operation> operations) {
    return String.join("", operations.stream().map(o -> "  " + o + "\n").toList());
  }

  /// Leaves out what can go without the difference going too: halves, quarters, and so on.
  private static List<Operation> shrink(List<Operation> operations, ModelFault fault) {
    List<Operation> small = new ArrayList<>(operations);
    for (int chunk = small.size() / 2; chunk > 0; ) {
      boolean shrank = false;
      for (int end = small.size(); end > 0; end -= chunk) {
        List<Operation> fewer = new ArrayList<>(small);
        fewer.subList(Math.max(0, end - chunk), end).clear();
        if (play(fewer, fault).isPresent()) {
          small = fewer;
          shrank = true;
        }
      }
      chunk = shrank && chunk == 1 ? 1 : chunk / 2;
    }
    return small;
  }

  // ---- both sides

  /// A fresh store and a fresh model.
  private static final class Both {
    final FakeHost host = new FakeHost();
    final Store store =
        new Store(
            host,
            new StoreSettings(
                Dialect.C, ModelDomains.QUOTAS, Optional.empty(), Events.TIMEOUT_NANOS, false));
    final ModelStore model;
    final Peer toolstack = new Peer(store, store.connect());
    final List<Optional<Peer>> peers = new ArrayList<>();
    final int[][] ids = new int[CLIENTS][SLOTS + 1];

    Both(ModelFault fault) {
      model = new ModelStore(new ModelDomains(DOMIDS), fault);
      for (int domid : DOMIDS) {
        peers.add(domid == 0 ? Optional.of(new Peer(store, store.connect())) : Optional.empty());
      }
      for (int i = 0; i < CLIENTS; i++) {
        live(i);
      }
    }

    /// A guest dies, or comes to life and has its folder.
    void live(int client) {
      int domid = DOMIDS[client];
      if (domid == 0) {
        return;
      }
      if (peers.get(client).isPresent()) {
        host.die(domid);
        store.scanDomains();
        model.died(domid);
        peers.set(client, Optional.empty());
        return;
      }
      host.create(domid);
      assertEquals("OK", toolstack.ask(MessageType.INTRODUCE, 0, domid + "|1|1|"));
      peers.set(client, Optional.of(new Peer(store, store.ringOf(domid).orElseThrow())));
      model.born(domid);
      ids[client] = new int[SLOTS + 1];
    }

    /// @return whether both know both domains
    boolean setTarget(int client) {
      int target = DOMIDS[client] == 5 ? 6 : 5;
      if (peers.get(2).isEmpty() || peers.get(3).isEmpty()) {
        return false;
      }
      String words = DOMIDS[client] + "|" + target + "|";
      assertEquals("OK", toolstack.ask(MessageType.SET_TARGET, 0, words));
      model.setTarget(DOMIDS[client], target);
      return true;
    }
  }

  /// Plays a sequence on a fresh store and a fresh model.
  ///
  /// @return the first difference
  private static Optional<String> play(List<Operation> operations, ModelFault fault) {
    Both both = new Both(fault);
    for (Operation operation : operations) {
      Optional<String> difference = step(operation, both);
      if (difference.isPresent()) {
        return difference;
      }
    }
    List<String> faults = both.store.check();
    return faults.isEmpty()
        ? compareTrees(both.toolstack, both.model, "/")
        : Optional.of("  the accounts: " + faults);
  }

  private static Optional<String> step(Operation operation, Both both) {
    Optional<String> difference = Optional.empty();
    switch (operation.name()) {
      case "LIFE" -> both.live(operation.client());
      case "SET_TARGET" -> both.setTarget(operation.client());
      default -> {
        Optional<Peer> peer = both.peers.get(operation.client());
        if (peer.isEmpty()) {
          return Optional.empty();
        }
        difference = ask(operation, both, peer.get());
      }
    }
    return difference.isPresent() ? difference : compareEvents(operation, both);
  }

  private static Optional<String> ask(Operation operation, Both both, Peer peer) {
    int client = operation.client();
    int slot = operation.slot();
    String expected;
    String seen;
    if (operation.name().equals("START")) {
      boolean may = both.model.mayStart(client);
      String reply = peer.ask(MessageType.TRANSACTION_START, 0, "|");
      expected = may ? "" : "ENOSPC";
      seen = reply.endsWith("|") ? "" : reply;
      if (may && seen.isEmpty()) {
        int id = Integer.parseInt(reply.substring(0, reply.length() - 1));
        both.ids[client][slot] = id;
        both.model.started(client, id);
      }
    } else {
      int known = slot == 0 ? 0 : both.ids[client][slot];
      int tx = slot != 0 && known == 0 ? NO_TRANSACTION : known;
      seen = askStore(peer, tx, operation);
      expected =
          both.model.ask(client, tx, operation.name(), operation.path(), operation.argument());
    }
    return expected.equals(seen) || expected.equals(ModelStore.ANYTHING)
        ? Optional.empty()
        : Optional.of("  " + operation + ": expected " + expected + ", got " + seen);
  }

  private static Optional<String> compareEvents(Operation operation, Both both) {
    for (int i = 0; i < CLIENTS; i++) {
      List<String> events = both.model.events(i);
      List<String> got = both.peers.get(i).map(Peer::events).orElse(List.of());
      if (!events.equals(got)) {
        return Optional.of(
            "  " + operation + ": " + actor(i) + " expects events " + events + ", got " + got);
      }
    }
    return Optional.empty();
  }

  private static String actor(int client) {
    return DOMIDS[client] == 0 ? "s" + (client + 1) : "d" + DOMIDS[client];
  }

  private static String askStore(Peer peer, int tx, Operation operation) {
    String path = operation.path() + "|";
    String argument = operation.argument();
    return switch (operation.name()) {
      case "WRITE" -> peer.ask(MessageType.WRITE, tx, path + argument);
      case "SET_PERMS" ->
          peer.ask(MessageType.SET_PERMS, tx, path + argument.replace(' ', '|') + "|");
      case "WATCH" -> peer.ask(MessageType.WATCH, tx, path + argument + "|");
      case "WATCH_DEPTH" ->
          peer.ask(MessageType.WATCH, tx, path + argument.replace(' ', '|') + "|");
      case "UNWATCH" -> peer.ask(MessageType.UNWATCH, tx, path + argument + "|");
      case "RESET_WATCHES" -> peer.ask(MessageType.RESET_WATCHES, tx, "|");
      case "COMMIT" -> peer.commit(tx);
      case "ABORT" -> peer.abort(tx);
      default -> peer.ask(MessageType.valueOf(operation.name()), tx, path);
    };
  }

  private static Optional<String> compareTrees(Peer peer, ModelStore model, String path) {
    for (String request : List.of("READ", "GET_PERMS", "DIRECTORY")) {
      String seen = peer.ask(MessageType.valueOf(request), 0, path + "|");
      String expected = model.ask(0, 0, request, path, "");
      if (!expected.equals(seen)) {
        return Optional.of(
            "  at the end, " + request + " " + path + ": expected " + expected + ", got " + seen);
      }
    }
    String names = peer.directory(path);
    for (String name : names.isEmpty() ? new String[0] : names.split("[|]", -1)) {
      if (!name.isEmpty()) {
        Optional<String> difference =
            compareTrees(peer, model, path.equals("/") ? "/" + name : path + "/" + name);
        if (difference.isPresent()) {
          return difference;
        }
      }
    }
    return Optional.empty();
  }
}
