package dev.xenbus.linux.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.mockito.Mockito.mock;

import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDeviceOperations;
import org.junit.jupiter.api.Test;

class ForwardingTableTest {
  private final ForwardingTable table = new ForwardingTable();
  private final EthernetDevice one = device(1);
  private final EthernetDevice two = device(2);

  private static EthernetDevice device(int index) {
    return new EthernetDevice(
        mock(NetStack.class),
        index,
        "port" + index,
        new MacAddress(index),
        mock(NetDeviceOperations.class));
  }

  @Test
  void agedAddressIsUnknown() {
    table.learn(1, one, 0);
    assertSame(one, table.lookup(1, ForwardingTable.AGEING_NANOS));
    assertNull(table.lookup(1, ForwardingTable.AGEING_NANOS + 1));
    assertNull(table.lookup(2, 0));
  }

  @Test
  void growsAndKeepsEverything() {
    for (long address = 1; address <= 10_000; address++) {
      table.learn(address, address % 2 == 0 ? one : two, 0);
    }
    assertEquals(10_000, table.size(0));
    for (long address = 1; address <= 10_000; address++) {
      assertSame(address % 2 == 0 ? one : two, table.lookup(address, 0));
    }
  }

  @Test
  void fullTableLearnsNothingNewUntilEntriesAge() {
    for (long address = 1; address <= ForwardingTable.ENTRIES_MAX * 2L; address++) {
      table.learn(address, one, 0);
    }
    assertEquals(ForwardingTable.ENTRIES_MAX, table.size(0));
    long later = ForwardingTable.AGEING_NANOS + 1;
    table.learn(0x7777_7777L, two, later);
    assertSame(two, table.lookup(0x7777_7777L, later));
  }

  @Test
  void forgottenPortIsNoDestination() {
    table.learn(1, one, 0);
    table.learn(2, two, 0);
    table.forget(one);
    assertNull(table.lookup(1, 0));
    assertSame(two, table.lookup(2, 0));
    table.learn(1, two, 0);
    assertSame(two, table.lookup(1, 0));
  }
}
