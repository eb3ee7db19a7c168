package dev.xenbus.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class XenbusStateTest {
  @Test
  void numbersOfStatesAreThoseStates() {
    assertEquals(
        "Unknown Initialising InitWait Initialised Connected Closing Closed Reconfiguring"
            + " Reconfigured",
        String.join(
            " ",
            IntStream.rangeClosed(0, 8)
                .mapToObj(code -> XenbusState.ofCode(code).toString())
                .toList()));
    for (int code = 0; code <= 8; code++) {
      assertEquals(code, XenbusState.ofCode(code).code());
    }
  }

  @Test
  void anyOtherNumberIsInvalidAndNotUnknown() {
    Stream.of(9, 42, -1, -3, Integer.MAX_VALUE, Integer.MIN_VALUE)
        .forEach(code -> assertSame(XenbusState.INVALID, XenbusState.ofCode(code)));
    assertEquals("INVALID", XenbusState.INVALID.toString());
  }
}
