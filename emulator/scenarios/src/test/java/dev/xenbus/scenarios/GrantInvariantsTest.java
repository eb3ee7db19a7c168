package dev.xenbus.scenarios;

import dev.xenbus.hypervisor.GrantFact;
import dev.xenbus.hypervisor.XenFact;
import dev.xenbus.machine.Task;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Grants and pages: a test that stands for a hypervisor whose books are wrong. Guest 1 grants
/// reference 8, page 50, to dom0.
class GrantInvariantsTest {
  private final Planted planted = new Planted();

  private void tell(String point, int mapper, int handle) {
    GrantFact fact = new GrantFact(mapper, handle, 1, 8, false, 50);
    planted.machine.trace().emit(point, 1, 8, fact);
  }

  private void tell(XenFact fact, long first, long second) {
    planted.machine.trace().emit(fact.point(), first, second, fact);
  }

  private void boot() {
    tell(XenFact.PAGES_TOTAL, 1000, 0);
    tell(XenFact.PAGES_FREE, 900, 0);
    tell(XenFact.PAGES_OWNED, 1, 100);
    tell(XenFact.FRAME_TAKE, 50, 0);
  }

  private void map(int handle) {
    tell("grant_pin", 0, -1);
    tell("grant_map", 0, handle);
  }

  private void unmap(int handle) {
    tell("grant_unmap", 0, handle);
    tell("grant_unpin", 1, -1);
  }

  private void breaks(String id, String line, Consumer<GrantInvariantsTest> fault) {
    planted.breaks(
        id,
        line,
        machine -> {
          boot();
          fault.accept(this);
          Task.relax();
        });
  }

  @Test
  void goodBooksHold() {
    planted.holds(
        machine -> {
          boot();
          map(3);
          map(4);
          Task.relax();
          unmap(4);
          map(4);
          unmap(3);
          unmap(4);
          tell(XenFact.DOMAIN_DEAD, 1, 0);
          tell(XenFact.PAGES_OWNED, 1, 0);
          tell(XenFact.FRAME_GIVE, 50, 0);
          tell(XenFact.PAGES_FREE, 1000, 0);
          tell(XenFact.DOMAIN_GONE, 1, 0);
          Task.relax();
          planted.invariants.checkPoweredOff();
        });
  }

  @Test
  void grantThatIsInUseLessThanNever() {
    breaks(
        "grants",
        "grant 8 of d1 is in use by 0 readers and -1 writers",
        test -> test.tell("grant_unpin", 1, -1));
  }

  @Test
  void grantThatIsLetGoWhileItIsMapped() {
    breaks(
        "grants",
        "grant 8 of d1 is let go while it is mapped",
        test -> {
          test.map(3);
          test.tell("grant_unpin", 1, -1);
        });
  }

  @Test
  void grantThatIsMappedAndNotInUse() {
    breaks(
        "grants",
        "grant 8 of d1 is mapped more often than it is in use",
        test -> test.tell("grant_map", 0, 3));
  }

  @Test
  void handleThatIsUnmappedTwice() {
    breaks(
        "grants",
        "d0 unmaps grant 8 of d1 with handle 3, which is not live",
        test -> {
          test.map(3);
          test.map(4);
          test.tell("grant_unmap", 0, 3);
          test.tell("grant_unmap", 0, 3);
        });
  }

  @Test
  void handleThatIsLiveTwice() {
    breaks(
        "grants",
        "handle 3 of d0 is live twice",
        test -> {
          test.map(3);
          test.map(3);
        });
  }

  @Test
  void mappingThatOutlivesItsMapper() {
    breaks(
        "grants",
        "d0 is dead and still maps 1 grants",
        test -> {
          test.map(3);
          test.tell(XenFact.DOMAIN_DEAD, 0, 0);
        });
  }

  @Test
  void mappingOfADeadDomain() {
    breaks(
        "grants",
        "d0 is dead and maps grant 8 of d1",
        test -> {
          test.tell(XenFact.DOMAIN_DEAD, 0, 0);
          test.map(3);
        });
  }

  @Test
  void domainThatIsDestroyedWhileItsGrantIsInUse() {
    breaks(
        "grants",
        "d1 is gone, its grant 8 in use",
        test -> {
          test.map(3);
          test.tell(XenFact.PAGES_OWNED, 1, 0);
          test.tell(XenFact.PAGES_FREE, 1000, 0);
          test.tell(XenFact.DOMAIN_GONE, 1, 0);
        });
  }

  @Test
  void pageThatGoesToThePoolWhileItIsMapped() {
    breaks(
        "pages",
        "page 50 goes to the pool with 1 uses by grants",
        test -> {
          test.map(3);
          test.tell(XenFact.FRAME_GIVE, 50, 0);
        });
  }

  @Test
  void pageThatGoesToThePoolTwice() {
    breaks(
        "pages",
        "page 50 goes to the pool twice",
        test -> {
          test.tell(XenFact.FRAME_GIVE, 50, 0);
          test.tell(XenFact.FRAME_GIVE, 50, 0);
        });
  }

  @Test
  void grantOfAPageThatIsInThePool() {
    breaks(
        "pages",
        "grant 8 of d1 is taken into use, and its page is in the pool",
        test -> {
          test.tell(XenFact.FRAME_GIVE, 50, 0);
          test.tell("grant_pin", 0, -1);
        });
  }

  @Test
  void domainThatIsDestroyedAndOwnsPages() {
    breaks("pages", "d1 is destroyed and owns 100", test -> test.tell(XenFact.DOMAIN_GONE, 1, 0));
  }

  @Test
  void pageThatIsLost() {
    breaks(
        "pages",
        "900 free and 99 owned are not 1000 in all",
        test -> test.tell(XenFact.PAGES_OWNED, 1, 99));
  }

  @Test
  void mappingThatIsLeftAtTheEnd() {
    breaks(
        "grants",
        "at the end d0 still maps grant 8 of d1",
        test -> {
          test.map(3);
          test.planted.invariants.checkPoweredOff();
        });
  }
}
