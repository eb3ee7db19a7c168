package dev.xenbus.abi.xenstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StorePathTest {
  @Test
  void malformedPathsAreRefused() {
    for (String bad : new String[] {"", "//", "/a/", "a/", "/a//b", "/a b", "/a.b", "@x", "/ä"}) {
      assertFalse(StorePath.isValid(bad), bad);
    }
    for (String good : new String[] {"/", "/a", "a/b-c_d@e", "0", "/A/z9"}) {
      assertTrue(StorePath.isValid(good), good);
    }
  }

  @Test
  void lengthIsBounded() {
    assertTrue(StorePath.isValid("/" + "a".repeat(3071)));
    assertFalse(StorePath.isValid("/" + "a".repeat(3072)));
    assertTrue(StorePath.isValid("a".repeat(2048)));
    assertFalse(StorePath.isValid("a".repeat(2049)));
  }

  @Test
  void partsOfAPath() {
    StorePath path = StorePath.of("/local/domain/3");
    assertEquals("3", path.name());
    assertEquals(StorePath.of("/local/domain"), path.parent());
    assertEquals(StorePath.ROOT, StorePath.of("/local").parent());
    assertEquals(StorePath.of("/a"), StorePath.ROOT.child("a"));
    assertEquals(path.child("device/vif/0"), StorePath.of("device/vif/0").absolute(3));
    assertThrows(IllegalStateException.class, () -> StorePath.of("a").parent());
  }

  @Test
  void watchPathsAreNodesOrSpecial() {
    assertEquals(WatchPath.RELEASE_DOMAIN, WatchPath.of("@releaseDomain"));
    assertEquals(new WatchPath.Node(StorePath.of("a")), WatchPath.of("a"));
    assertThrows(IllegalArgumentException.class, () -> WatchPath.of("@a.b"));
    assertThrows(IllegalArgumentException.class, () -> WatchPath.of("/a/"));
  }

  @Test
  void permissionsHaveLettersAndDecimalDomids() {
    Permissions permissions = Permissions.of("n0", "r3", "b65535");
    assertEquals("n0,r3,b65535", permissions.toString());
    assertEquals(0, permissions.owner().value());
    assertEquals(Access.NONE, permissions.defaultAccess());
    for (String bad : new String[] {"", "x0", "n", "n1x", "n65536"}) {
      assertThrows(IllegalArgumentException.class, () -> Permissions.of(bad), bad);
    }
    assertThrows(IllegalArgumentException.class, Permissions::of);
  }
}
