package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.xenstore.MessageType;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Specification 4; corner cases 13, 29 to 43, 75.
class TransactionTest extends StoreFixture {
  @Test
  void readNodeThatOthersWriteConflicts() {
    s1.write("/a", "v");
    int tx = s1.start();
    assertEquals("v", s1.read(tx, "/a"));
    s2.write("/a", "v");
    assertEquals("EAGAIN", s1.commit(tx));
  }

  @Test
  void twoNewChildrenOfOneParentConflict() {
    s1.mkdir("/p");
    int tx = s1.start();
    s1.write(tx, "/p/x", "");
    s2.write("/p/y", "");
    assertEquals("EAGAIN", s1.commit(tx));
    assertEquals("y|", s1.directory("/p"));
  }

  @Test
  void writtenNodeThatOthersWriteConflicts() {
    s1.write("/a", "v");
    int tx = s1.start();
    s1.write(tx, "/a", "w");
    s2.write("/a", "x");
    assertEquals("EAGAIN", s1.commit(tx));
    assertEquals("x", s1.read("/a"));
  }

  @Test
  void untouchedTransactionNeverConflicts() {
    int tx = s1.start();
    s2.write("/a", "v");
    assertEquals("OK", s1.commit(tx));
    int late = s1.start();
    s2.write("/a", "w");
    assertEquals("w", s1.read(late, "/a"));
    assertEquals("OK", s1.commit(late));
  }

  @Test
  void ownWriteOutsideOfTheTransactionConflicts() {
    s1.write("/a", "old");
    int tx = s1.start();
    s1.write(tx, "/a", "new");
    assertEquals("old", s1.read("/a"));
    assertEquals("new", s1.read(tx, "/a"));
    s1.write("/a", "other");
    assertEquals("new", s1.read(tx, "/a"));
    assertEquals("EAGAIN", s1.commit(tx));
  }

  @Test
  void failedReadDoesNotSpoilUnlessTheNodeAppears() {
    int tx = s1.start();
    assertEquals("ENOENT", s1.read(tx, "/a"));
    assertEquals("OK", s1.commit(tx));
    int tx2 = s1.start();
    assertEquals("ENOENT", s1.read(tx2, "/a"));
    s2.mkdir("/a");
    assertEquals("EAGAIN", s1.commit(tx2));
  }

  @Test
  void conflictTable() {
    s1.write("/t/x", "");
    s1.write("/t/y", "");
    assertEquals("OK", meanwhile(() -> s2.write("/t/y", "1"), tx -> s1.read(tx, "/t/x")));
    assertEquals("EAGAIN", meanwhile(() -> s2.mkdir("/t/x/new"), tx -> s1.read(tx, "/t/x")));
    assertEquals("EAGAIN", meanwhile(() -> s2.mkdir("/t/o"), tx -> s1.read(tx, "/t/q/z")));
    assertEquals("EAGAIN", meanwhile(() -> s2.write("/t/x/c", ""), tx -> s1.rm(tx, "/t/x")));
    assertEquals("OK", meanwhile(() -> s2.write("/t/y", "2"), tx -> s1.directory(tx, "/t")));
    assertEquals(
        "EAGAIN",
        meanwhile(() -> s2.chmod("/t/y", "r0"), tx -> s1.ask(MessageType.GET_PERMS, tx, "/t/y|")));
    s1.mkdir("/t/x");
    assertEquals(
        "EAGAIN",
        meanwhile(
            () -> {
              s2.rm("/t/x");
              return s2.mkdir("/t/x");
            },
            tx -> s1.read(tx, "/t/x")));
  }

  private interface InTransaction {
    String run(int tx);
  }

  private String meanwhile(java.util.function.Supplier<String> other, InTransaction own) {
    int tx = s1.start();
    own.run(tx);
    assertEquals("OK", other.get());
    return s1.commit(tx);
  }

  @Test
  void nodeMadeAndRemovedInATransactionLeavesNoTrace() {
    s2.watch("/", "t");
    s2.events();
    int tx = s1.start();
    s1.write(tx, "/a", "");
    assertEquals("", s1.read(tx, "/a"));
    s1.rm(tx, "/a");
    assertEquals("ENOENT", s1.read(tx, "/a"));
    assertEquals("OK", s1.commit(tx));
    assertEquals(List.of(), s2.events());
    assertEquals("ENOENT", s1.read("/a"));
  }

  @Test
  void eachNodeFiresOnceInOrderOfFirstAccess() {
    s2.watch("/", "t");
    s2.events();
    int tx = s1.start();
    s1.write(tx, "/a", "1");
    s1.write(tx, "/b", "1");
    s1.write(tx, "/a", "2");
    assertEquals(List.of(), s2.events());
    assertEquals("OK", s1.commit(tx));
    assertEquals(List.of("/a t", "/b t"), s2.events());
    int tx2 = s1.start();
    s1.read(tx2, "/b");
    s1.write(tx2, "/a", "3");
    s1.write(tx2, "/b", "3");
    assertEquals("OK", s1.commit(tx2));
    assertEquals(List.of("/b t", "/a t"), s2.events());
  }

  @Test
  void removalInATransactionFiresTheRootFirst() {
    s1.write("/a/b/c", "");
    s2.watch("/", "t");
    s2.watch("/a/b", "t");
    s2.watch("/a/b/c", "t");
    s2.watch("/a/zz", "t");
    s2.events();
    int tx = s1.start();
    s1.rm(tx, "/a");
    assertEquals("ENOENT", s1.read(tx, "/a/b/c"));
    assertEquals("OK", s1.commit(tx));
    assertEquals(List.of("/a t", "/a/b t", "/a/b/c t"), s2.events());
  }

  @Test
  void removedAndMadeAgainMovesToTheEndAndFiresOnce() {
    s1.mkdir("/d/a");
    s1.mkdir("/d/b");
    s1.write("/d/a/x", "");
    s2.watch("/d/a", "t");
    s2.events();
    int tx = s1.start();
    s1.rm(tx, "/d/a");
    s1.write(tx, "/d/a", "new");
    assertEquals("b|a|", s1.directory(tx, "/d"));
    assertEquals("OK", s1.commit(tx));
    assertEquals(List.of("/d/a t"), s2.events());
    assertEquals("b|a|", s1.directory("/d"));
    assertEquals("", s1.directory("/d/a"));
  }

  @Test
  void childrenAppearInOrderOfCreationNotOfAccess() {
    s1.mkdir("/d");
    int tx = s1.start();
    s1.read(tx, "/d/second");
    s1.write(tx, "/d/first", "");
    s1.write(tx, "/d/second/deep/er", "v");
    assertEquals("first|second|", s1.directory(tx, "/d"));
    assertEquals("OK", s1.commit(tx));
    assertEquals("first|second|", s1.directory("/d"));
    assertEquals("v", s1.read("/d/second/deep/er"));
  }

  @Test
  void valuePermissionsAndChildrenChangeTogether() {
    s1.write("/d/gone", "");
    int tx = s1.start();
    s1.write(tx, "/d", "value");
    s1.chmod(tx, "/d", "r0");
    s1.rm(tx, "/d/gone");
    s1.write(tx, "/d/new", "n");
    assertEquals("OK", s1.commit(tx));
    assertEquals("value", s1.read("/d"));
    assertEquals("r0|", s1.perms("/d"));
    assertEquals("new|", s1.directory("/d"));
    assertEquals("r0|", s1.perms("/d/new"));
  }

  @Test
  void childThatAppearedAfterItsParentWasTouchedIsRemovedAndTheCommitFails() {
    s1.mkdir("/p/first");
    int tx = s1.start();
    assertEquals("first|", s1.directory(tx, "/p"));
    s2.mkdir("/p/late");
    assertEquals("OK", s1.rm(tx, "/p/late"));
    assertEquals("first|", s1.directory(tx, "/p"));
    assertEquals("EAGAIN", s1.commit(tx));
  }

  @Test
  void childWhoseParentWasTouchedAsMissingIsRemovedAndTheCommitFails() {
    int tx = s1.start();
    assertEquals("ENOENT", s1.read(tx, "/p"));
    s2.mkdir("/p/late");
    assertEquals("OK", s1.rm(tx, "/p/late"));
    assertEquals("EAGAIN", s1.commit(tx));
  }

  @Test
  void childThatAppearedAfterItWasTouchedAsMissingIsListedOnce() {
    s1.mkdir("/p");
    int tx = s1.start();
    assertEquals("ENOENT", s1.read(tx, "/p/late"));
    s2.mkdir("/p/late");
    assertEquals("OK", s1.write(tx, "/p/late", "mine"));
    assertEquals("late|", s1.directory(tx, "/p"));
    assertEquals("EAGAIN", s1.commit(tx));
  }

  @Test
  void abortLeavesNoTrace() {
    s2.watch("/", "t");
    s2.events();
    int tx = s1.start();
    s1.write(tx, "/a", "");
    assertEquals("OK", s1.abort(tx));
    assertEquals("ENOENT", s1.read("/a"));
    assertEquals(List.of(), s2.events());
  }

  @Test
  void idsBelongToTheirConnection() {
    int tx = s1.start();
    assertEquals(1, tx);
    assertEquals("ENOENT", s2.read(tx, "/"));
    assertEquals(2, s1.start());
    assertEquals("EBUSY", s1.ask(MessageType.TRANSACTION_START, tx, "|"));
    assertEquals("ENOENT", s1.ask(MessageType.TRANSACTION_START, 99, "|"));
  }

  @Test
  void malformedEndLeavesTheTransactionOpen() {
    int tx = s1.start();
    for (String bad : new String[] {"X|", "", "T", "TT|", "T||", "t|"}) {
      assertEquals("EINVAL", s1.ask(MessageType.TRANSACTION_END, tx, bad), bad);
    }
    assertEquals("OK", s1.commit(tx));
    assertEquals("ENOENT", s1.commit(0));
    assertEquals("ENOENT", s1.commit(tx));
  }

  @Test
  void conflictEndsTheTransaction() {
    int tx = s1.start();
    s1.write(tx, "/a", "");
    s2.write("/a", "");
    assertEquals("EAGAIN", s1.commit(tx));
    assertEquals("ENOENT", s1.abort(tx));
  }

  @Test
  void unknownIdIsIgnoredByWatchesAlone() {
    assertEquals("OK", s1.ask(MessageType.WATCH, 999, "/a|t|"));
    assertEquals("OK", s1.ask(MessageType.UNWATCH, 999, "/a|t|"));
    assertEquals("ENOENT", s1.ask(MessageType.GET_DOMAIN_PATH, 999, "1|"));
    assertEquals("ENOENT", s1.ask(MessageType.RESET_WATCHES, 999, "|"));
    assertEquals("ENOENT", s1.ask(MessageType.CONTROL, 999, "help|"));
  }

  @Test
  void resetWatchesDropsTransactions() {
    Peer d5 = guest(5);
    for (int i = 0; i < 9; i++) {
      d5.start();
    }
    assertEquals("OK", d5.ask(MessageType.RESET_WATCHES, 4, "|"));
    assertEquals("ENOENT", d5.read(4, "/"));
    assertEquals("ENOENT", d5.commit(4));
    assertEquals(0, store.openTransactions());
    for (int i = 0; i < 9; i++) {
      d5.start();
    }
    assertEquals(9, store.openTransactions());
  }

  @Test
  void permissionsSetInATransactionHoldInIt() {
    Peer d5 = guest(5);
    s1.write("/a", "v");
    s1.chmod("/a", "r5");
    int tx = d5.start();
    assertEquals("OK", d5.chmod(tx, "/a", "n5"));
    assertEquals("OK", d5.write(tx, "/a", "w"));
    assertEquals("v", s1.read("/a"));
    assertEquals("OK", d5.commit(tx));
    assertEquals("n5|", s1.perms("/a"));
  }

  @Test
  void accountsSurviveEveryOrderOfRemovalInsideAndOutside() {
    Peer d5 = guest(5);
    s1.mkdir("/p");
    s1.chmod("/p", "n5");
    for (int i = 0; i < 50; i++) {
      d5.mkdir("/p/n" + i);
    }
    int tx = d5.start();
    for (int i = 0; i < 30; i++) {
      d5.rm(tx, "/p/n" + i);
    }
    for (int i = 0; i < 10; i++) {
      d5.mkdir(tx, "/p/m" + i);
    }
    for (int i = 0; i < 50; i++) {
      d5.rm("/p/n" + i);
    }
    assertEquals("EAGAIN", d5.commit(tx));
    assertEquals(List.of(), store.check());
  }
}
