package dev.xenbus.xl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.xl.DiskConfig;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiskSpecTest {
  private static DiskConfig parse(String spec) throws GuestConfigException {
    return DiskSpec.parse("pv.cfg", spec);
  }

  private static String failure(String spec) {
    return assertThrows(GuestConfigException.class, () -> parse(spec)).text();
  }

  @Test
  void positionsAreTargetFormatVdevAccess() throws GuestConfigException {
    assertEquals(DiskConfig.of("/srv/disk.img", "xvda", true), parse("/srv/disk.img,raw,xvda,rw"));
    assertEquals(DiskConfig.of("/srv/disk.img", "xvda", true), parse("/srv/disk.img,,xvda"));
    assertFalse(parse("/srv/disk.img, raw, xvda, r").writable());
  }

  @Test
  void withAnOldPrefixPositionsAreTargetVdevAccess() throws GuestConfigException {
    assertEquals(DiskConfig.of("/dev/vg/root", "xvda", true), parse("phy:/dev/vg/root,xvda,w"));
    assertEquals(DiskConfig.Format.QCOW2, parse("tap:qcow2:/a,xvda,w").format());
    assertEquals("block-iscsi", parse("iscsi:iqn.x,xvda,w").script());
    assertEquals("iqn.x", parse("iscsi:iqn.x,xvda,w").target());
    assertEquals("block-foo", parse("foo:x,xvda,w").script());
  }

  @Test
  void keysComeInAnyOrderAndTargetTakesTheRest() throws GuestConfigException {
    DiskConfig disk =
        parse("vdev=xvdb, access=ro,format=raw,script=block-x,backend=5,target=/a,b c,d");
    assertEquals("/a,b c,d", disk.target());
    assertEquals("xvdb", disk.vdev());
    assertFalse(disk.writable());
    assertEquals("block-x", disk.script());
    assertEquals("5", disk.backend());
  }

  @Test
  void flagsAreUnderstood() throws GuestConfigException {
    DiskConfig disk = parse("/a,raw,xvda,w,no-discard,direct-io-safe,untrusted");
    assertEquals(Optional.of(false), disk.discard());
    assertTrue(disk.directIoSafe());
    assertFalse(disk.trusted());
  }

  @Test
  void cdromMayBeEmptyAndIsReadOnly() throws GuestConfigException {
    DiskConfig disk = parse(",,hdc:cdrom,");
    assertTrue(disk.cdrom());
    assertFalse(disk.writable());
    assertEquals(DiskConfig.Format.EMPTY, disk.format());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "phy:/dev/x,xvda,q | unknown value for access: near `q'",
        "/a,foo,xvda,w | unknown value for format: near `foo'",
        "/a,raw,xvda,w,devtype=x | unknown value for type: near `x'",
        "/a,raw,xvda,w,extra | too many positional parameters: near `extra'",
        "/a,raw,xvda,w,foo=1 | unknown parameter: near `foo=1'",
        "/a,raw,xvda,w,target=/b | target respecified: near `/b'",
        "/a,raw,xvda,w,vdev=xvdb | vdev respecified: near `xvdb'",
        "/a,raw,xvda,w,format=qcow | format respecified: near `qcow'",
        "/a,raw | no vdev specified",
        "vdev=xvda | no target specified (and device not removable)"
      })
  void errorNamesWhatIsWrongAndTheWholeText(String spec, String message) {
    assertEquals(
        "pv.cfg: config parsing error in disk specification: " + message + " in `" + spec + "'",
        failure(spec));
  }
}
