package dev.xenbus.linux.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class AddressTest {
  private static Ipv4Address ip(String text) {
    return Ipv4Address.parse(text).orElseThrow();
  }

  @Test
  void ipv4AddressIsReadAndWritten() {
    for (String text : List.of("0.0.0.0", "10.0.1.44", "255.255.255.255")) {
      assertEquals(text, ip(text).toString());
    }
    assertEquals(0x0A00_012C, ip("10.0.1.44").bits());
  }

  @Test
  void whatIsNoIpv4AddressIsEmpty() {
    for (String text :
        List.of(
            "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "a.b.c.d", "1..2.3", "1.2.3.4 ")) {
      assertTrue(Ipv4Address.parse(text).isEmpty(), text);
    }
  }

  @Test
  void subnetsFollowThePrefix() {
    assertTrue(ip("10.0.1.44").isInSubnetOf(ip("10.0.0.1"), 16));
    assertFalse(ip("10.1.0.1").isInSubnetOf(ip("10.0.0.1"), 16));
    assertTrue(ip("1.2.3.4").isInSubnetOf(ip("200.0.0.1"), 0));
    assertFalse(ip("10.0.0.2").isInSubnetOf(ip("10.0.0.1"), 32));
  }

  @Test
  void addressesAreOrderedAsUnsignedNumbers() {
    assertTrue(ip("200.0.0.1").compareTo(ip("10.0.0.1")) > 0);
  }

  @Test
  void macAddressIsReadAndWritten() {
    assertEquals(
        "fe:ff:ff:ff:ff:ff", MacAddress.parse("FE:ff:ff:ff:ff:ff").orElseThrow().toString());
    assertTrue(MacAddress.BROADCAST.isMulticast());
    assertFalse(new MacAddress(0x0016_3E00_0001L).isMulticast());
  }

  @Test
  void whatIsNoMacAddressIsRefused() {
    for (String text : List.of("", "1:2:3:4:5:6", "00:16:3e:00:00", "00:16:3e:00:00:0g")) {
      assertTrue(MacAddress.parse(text).isEmpty(), text);
    }
    assertThrows(IllegalArgumentException.class, () -> new MacAddress(1L << 48));
  }
}
