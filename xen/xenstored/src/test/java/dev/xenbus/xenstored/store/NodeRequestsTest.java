package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.MessageType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Specification 1.5, 1.6, 2; corner cases 1, 8 to 25, 44 to 49, 51, 52, 61 to 64.
class NodeRequestsTest extends StoreFixture {
  @Test
  void freshStoreHasToolAndSpecialNames() {
    assertEquals("tool|", s1.directory("/"));
    assertEquals("xenstored|", s1.directory("/tool"));
    assertEquals("", s1.read("/tool/xenstored"));
    assertEquals("n0|", s1.perms("/"));
    assertEquals("n0|r32757|", s1.perms("@releaseDomain"));
    assertEquals("n0|", s1.perms("@introduceDomain"));
  }

  @Test
  void writeMakesMissingParentsWithEmptyValues() {
    assertEquals("OK", s1.write("/a/b/c", "x"));
    assertEquals("", s1.read("/a"));
    assertEquals("", s1.read("/a/b"));
    assertEquals("x", s1.read("/a/b/c"));
  }

  @Test
  void mkdirOfExistingNodeKeepsValueAndFiresNothing() {
    s1.write("/a", "v");
    s2.watch("/a", "t");
    s2.events();
    assertEquals("OK", s1.mkdir("/a"));
    assertEquals("v", s1.read("/a"));
    assertEquals(List.of(), s2.events());
  }

  @Test
  void rmOfMissingNodeIsOkIfItsParentExists() {
    s2.watch("/", "t");
    s2.events();
    assertEquals("OK", s1.rm("/a"));
    assertEquals("ENOENT", s1.rm("/a/b"));
    assertEquals(List.of(), s2.events());
  }

  @Test
  void rmOfRootAnswersEinval() {
    assertEquals("EINVAL", s1.rm("/"));
    assertEquals("EACCES", guest(5).rm("/"));
  }

  @Test
  void rmRemovesTheSubtree() {
    s1.write("/a/b/c", "x");
    s1.write("/a/d", "y");
    assertEquals("OK", s1.rm("/a"));
    for (String path : new String[] {"/a", "/a/b", "/a/b/c", "/a/d"}) {
      assertEquals("ENOENT", s1.read(path), path);
    }
    assertEquals("tool|", s1.directory("/"));
  }

  @Test
  void rmNeedsNoRightOnDescendantsOrParent() {
    Peer d5 = guest(5);
    s1.write("/p/x", "");
    s1.chmod("/p", "n0 w5");
    assertEquals("OK", d5.rm("/p"));
    s1.write("/q/x", "");
    s1.chmod("/q/x", "n0 w5");
    assertEquals("OK", d5.rm("/q/x"));
  }

  @Test
  void missingNodeUnderUnreadableParentLooksForbidden() {
    Peer d5 = guest(5);
    s1.mkdir("/p");
    assertEquals("EACCES", d5.read("/p/x"));
    s1.chmod("/p", "r0");
    assertEquals("ENOENT", d5.read("/p/x"));
    assertEquals("ENOENT", d5.read("/p/x/y/z"));
    assertEquals("EACCES", d5.write("/p/q/r", ""));
    assertEquals("ENOENT", s1.read("/nowhere/at/all"));
  }

  @Test
  void creatorOwnsWhatAGuestMakesAndPrivilegedInherit() {
    Peer d5 = guest(5);
    host.create(7);
    s1.mkdir("/p");
    s1.chmod("/p", "b0");
    assertEquals("OK", d5.write("/p/x/y", ""));
    assertEquals("b5|", s1.perms("/p/x"));
    assertEquals("b5|", s1.perms("/p/x/y"));
    s1.mkdir("/q");
    s1.chmod("/q", "n5 r7");
    assertEquals("OK", s1.write("/q/x", ""));
    assertEquals("n5|r7|", s1.perms("/q/x"));
  }

  @Test
  void permissionsFollowTheFirstRuleThatMatches() {
    Peer d5 = guest(5);
    s1.write("/a", "v");
    s1.chmod("/a", "r0 n5 b5");
    assertEquals("EACCES", d5.read("/a"));
    s1.chmod("/a", "n0 r5");
    assertEquals("v", d5.read("/a"));
    assertEquals("EACCES", d5.write("/a", ""));
    s1.chmod("/a", "n5");
    assertEquals("OK", d5.write("/a", "w"));
    s1.chmod("/a", "n0 w32757");
    assertEquals("EACCES", d5.read("/a"));
    assertEquals("OK", d5.write("/a", "x"));
  }

  @Test
  void ownerMayNotGiveANodeAway() {
    Peer d5 = guest(5);
    host.create(7);
    s1.mkdir("/p");
    s1.chmod("/p", "n5");
    assertEquals("EPERM", d5.chmod("/p", "n7"));
    assertEquals("EPERM", d5.chmod("/p", "n0"));
    assertEquals("OK", d5.chmod("/p", "r5 w7"));
    assertEquals("r5|w7|", s1.perms("/p"));
    s1.chmod("/p", "b0");
    assertEquals("EACCES", d5.chmod("/p", "b0"));
  }

  @Test
  void entriesOfDomainsThatDoNotExistNeverMatch() {
    s1.write("/a", "v");
    assertEquals("OK", s1.chmod("/a", "n0 r9"));
    assertEquals("n0|r9|", s1.perms("/a"));
    Peer d9 = guest(9);
    assertEquals("EACCES", d9.read("/a"));
    assertEquals("ENOENT", s1.chmod("/a", "n10"));
  }

  @Test
  void malformedPermissionsAnswerEinval() {
    s1.mkdir("/a");
    for (String bad : new String[] {"x0", "n", "n1x", "n65536", "n-1", "n0 r"}) {
      assertEquals("EINVAL", s1.chmod("/a", bad), bad);
    }
    assertEquals("EINVAL", s1.ask(MessageType.SET_PERMS, 0, "/a|"));
    assertEquals("EINVAL", s1.ask(MessageType.SET_PERMS, 0, "/a"));
    assertEquals("OK", s1.chmod("/a", "n0 r0x0 w00"));
    assertEquals("n0|r0|w0|", s1.perms("/a"));
  }

  @Test
  void permissionsOfMissingNodeAreMaskedToo() {
    Peer d5 = guest(5);
    s1.mkdir("/p");
    assertEquals("EACCES", d5.chmod("/p/x", "n5"));
    s1.chmod("/p", "w0");
    assertEquals("ENOENT", d5.chmod("/p/x", "n5"));
    assertEquals("ENOENT", s1.chmod("/p/x", "n0"));
    assertEquals("ENOENT", s1.chmod("@noSuchThing", "n0"));
    assertEquals("OK", s1.chmod("@introduceDomain", "r0"));
    assertEquals("r0|", s1.perms("@introduceDomain"));
  }

  @Test
  void payloadMustBeOneString() {
    s1.mkdir("/a");
    for (MessageType type :
        new MessageType[] {
          MessageType.READ,
          MessageType.DIRECTORY,
          MessageType.GET_PERMS,
          MessageType.RM,
          MessageType.MKDIR,
          MessageType.GET_DOMAIN_PATH
        }) {
      for (String bad : new String[] {"/a", "/a||", ""}) {
        assertEquals("EINVAL", s1.ask(type, 0, bad), type + " " + bad);
      }
    }
    assertEquals("EINVAL", s1.ask(MessageType.WRITE, 0, "/a"));
    assertEquals("EINVAL", s1.ask(MessageType.WRITE, 0, ""));
  }

  @Test
  void valuesAreBytes() {
    assertEquals("OK", s1.ask(MessageType.WRITE, 0, "/a|x|y||z"));
    assertEquals("x|y||z", s1.read("/a"));
    assertEquals("OK", s1.ask(MessageType.WRITE, 0, "/a|"));
    assertEquals("", s1.read("/a"));
  }

  @Test
  void malformedPathsAnswerEinvalWhateverTheRequest() {
    String[] bad = {
      "",
      "/a/",
      "//a",
      "//",
      "/a//b",
      "/a b",
      "/a.b",
      "a/",
      "/local/domain/",
      "/local/domain//",
      "@releaseDomain/"
    };
    for (String path : bad) {
      assertEquals("EINVAL", s1.read(path), path);
      assertEquals("EINVAL", s1.directory(path), path);
      assertEquals("EINVAL", s1.write(path, "v"), path);
      assertEquals("EINVAL", s1.mkdir(path), path);
      assertEquals("EINVAL", s1.rm(path), path);
      assertEquals("EINVAL", s1.perms(path), path);
      assertEquals("EINVAL", s1.chmod(path, "n0"), path);
      assertEquals("EINVAL", s1.part(path, 0), path);
      assertEquals("EINVAL", s1.watch(path, "t"), path);
      assertEquals("EINVAL", s1.unwatch(path, "t"), path);
    }
    assertEquals("EINVAL", s1.read("@releaseDomain"));
    assertEquals("EINVAL", s1.write("@x", ""));
  }

  @Test
  void relativePathsStartAtTheHome() {
    Peer d5 = guest(5);
    s1.mkdir("/local/domain/5");
    s1.chmod("/local/domain/5", "n5");
    assertEquals("OK", d5.write("data/x", "1"));
    assertEquals("1", s1.read("/local/domain/5/data/x"));
    s1.write("name", "dom0");
    assertEquals("dom0", s1.read("/local/domain/0/name"));
  }

  @Test
  void pathLimitLeavesOutTheHome() {
    Peer d5 = guest(5);
    s1.mkdir("/local/domain/5");
    s1.chmod("/local/domain/5", "b5");
    String longest = "a".repeat(2047);
    assertEquals("ENOENT", d5.read(longest));
    assertEquals("EINVAL", d5.read(longest + "a"));
    assertEquals("ENOENT", d5.read("/local/domain/5/" + longest));
    assertEquals("EINVAL", d5.read("/local/domain/5/" + longest + "a"));
    assertEquals("EINVAL", d5.read("/" + longest));
    assertEquals("ENOENT", s1.read("/" + longest + longest));
  }

  @Test
  void directoryIsInOrderOfCreation() {
    s1.mkdir("/d/b");
    s1.mkdir("/d/a");
    s1.mkdir("/d/c");
    assertEquals("b|a|c|", s1.directory("/d"));
    s1.rm("/d/a");
    s1.mkdir("/d/a");
    assertEquals("b|c|a|", s1.directory("/d"));
    assertEquals("", s1.directory("/d/a"));
  }

  @Test
  void longDirectoryComesInParts() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      names.add("a-rather-long-name-of-a-node-" + i);
      s1.mkdir("/d/" + names.get(i));
    }
    assertEquals("E2BIG", s1.directory("/d"));
    List<String> listed = new ArrayList<>();
    int offset = 0;
    String generation = null;
    for (boolean more = true; more; ) {
      String reply = s1.part("/d", offset);
      assertTrue(reply.length() <= 4096);
      String[] parts = reply.split("\\|", -1);
      assertEquals(generation == null ? parts[0] : generation, parts[0]);
      generation = parts[0];
      // The last element is what is behind the last NUL: nothing; an empty name before is the end.
      for (int i = 1; i < parts.length - 1; i++) {
        if (parts[i].isEmpty()) {
          more = false;
        } else {
          listed.add(parts[i]);
          offset += parts[i].length() + 1;
        }
      }
    }
    assertEquals(names, listed);
    s1.mkdir("/d/new");
    assertNotEquals(generation, s1.part("/d", 0).split("\\|", -1)[0]);
  }

  @Test
  void directoryPartAtTheEndAndInsideOfNames() {
    s1.mkdir("/d/abc");
    s1.mkdir("/d/de");
    String generation = s1.part("/d", 0).split("\\|", -1)[0];
    assertEquals(generation + "|abc|de||", s1.part("/d", 0));
    assertEquals(generation + "|bc|de||", s1.part("/d", 1));
    assertEquals(generation + "||de||", s1.part("/d", 3));
    assertEquals(generation + "|de||", s1.part("/d", 4));
    assertEquals(generation + "||", s1.part("/d", 7));
    assertEquals(generation + "||", s1.part("/d", 99999));
    assertEquals(generation + "||", s1.part("/d", -1));
    assertEquals("EINVAL", s1.ask(MessageType.DIRECTORY_PART, 0, "/d|"));
    assertEquals("EINVAL", s1.ask(MessageType.DIRECTORY_PART, 0, "/d|0|0|"));
  }

  @Test
  void unknownTypesAnswerEnosysAndTheConnectionStaysUsable() {
    for (int type : new int[] {15, 16, 20, 27, 500, 65535, -1}) {
      assertEquals("ENOSYS", s1.ask(type, 0, "/|"));
      assertEquals("ENOSYS", s1.ask(type, 999, "/|"));
    }
    assertEquals("tool|", s1.directory("/"));
  }

  @Test
  void domainPathsNeedNoDomain() {
    Peer d5 = guest(5);
    assertEquals("/local/domain/9999|", d5.ask(MessageType.GET_DOMAIN_PATH, 0, "9999|"));
    assertEquals("/local/domain/0|", d5.ask(MessageType.GET_DOMAIN_PATH, 0, "|"));
    assertEquals("/local/domain/12|", d5.ask(MessageType.GET_DOMAIN_PATH, 0, " +12|"));
    for (String bad : new String[] {"12abc", "x", "65536", "-1", " ", "1 "}) {
      assertEquals("EINVAL", d5.ask(MessageType.GET_DOMAIN_PATH, 0, bad + "|"), bad);
    }
  }
}
