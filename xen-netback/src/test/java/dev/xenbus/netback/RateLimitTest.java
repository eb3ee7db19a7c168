package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateLimitTest {
  @Test
  void bytesAndMicrosecondsAreRead() {
    assertEquals(Optional.of(new RateLimit(1000, 50_000)), RateLimit.parse("1000,50000"));
    assertEquals(Optional.of(new RateLimit(4294967295L, 0)), RateLimit.parse("4294967295,0"));
  }

  @Test
  void windowIsCutToMilliseconds() {
    assertEquals(50_000_000, new RateLimit(1, 50_999).windowNanos());
    assertEquals(0, new RateLimit(1, 999).windowNanos());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",",
        "1000",
        "1000,",
        ",1000",
        "1000,50000,1",
        "a,b",
        "-1,1",
        "1,-1",
        " 1,1",
        "1,1 ",
        "4294967296,1",
        "99999999999,1",
        "0x10,1",
        "٣,1"
      })
  void anythingElseIsNoLimit(String text) {
    assertEquals(Optional.empty(), RateLimit.parse(text));
  }
}
