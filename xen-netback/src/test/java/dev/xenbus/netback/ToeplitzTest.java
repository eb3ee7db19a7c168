package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The published verification suite of receive-side scaling.
class ToeplitzTest {
  private static final byte[] KEY =
      HexFormat.of()
          .parseHex(
              "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

  /// Source address, destination address, then source port and destination port.
  @ParameterizedTest
  @CsvSource({
    "420995bba18e6450, 323e8fc2",
    "420995bba18e64500aea06e6, 51ccc178",
    "c75c6f0241458c53, d718262a",
    "c75c6f0241458c5337961283, c626b0ea",
    "3ffe250102001fff00000000000000073ffe2501020000030000000000000001, 2cc18cd5",
    "3ffe250102001fff00000000000000073ffe25010200000300000000000000010aea06e6, 40207d3d",
  })
  void hashIsThatOfTheSuite(String data, String expected) {
    byte[] bytes = HexFormat.of().parseHex(data);
    assertEquals(expected, HexFormat.of().toHexDigits(Toeplitz.hash(KEY, bytes)));
  }

  @Test
  void missingKeyBytesCountAsZeros() {
    assertEquals(0, Toeplitz.hash(new byte[4], new byte[] {-1, -1, -1, -1, -1, -1, -1, -1}));
    assertEquals(0x8000_0000, Toeplitz.hash(new byte[] {-128}, new byte[] {-128}));
  }
}
