package dev.xenbus.xl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.xenbus.xl.NicConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NicSpecTest {
  private final List<String> complaints = new ArrayList<>();

  private NicConfig parse(String... elements) throws GuestConfigException {
    return NicSpec.parse("pv.cfg", List.of(elements), complaints::add);
  }

  @Test
  void emptyTextIsAnInterfaceWithAllDefaults() throws GuestConfigException {
    assertEquals(NicConfig.ofDefaults(), parse(""));
    assertEquals(List.of(), complaints);
  }

  @Test
  void everyKeyIsTaken() throws GuestConfigException {
    NicConfig nic =
        parse(
            "mac=00:16:3e:12:34:56",
            " bridge=br1",
            "script=vif-x",
            "ip=10.0.0.2",
            "vifname=web",
            "backend=drv",
            "gatewaydev=eth1",
            "mtu=9000",
            "devid=3",
            "type=vif",
            "untrusted");
    assertEquals("00:16:3e:12:34:56", nic.mac());
    assertEquals("br1", nic.bridge());
    assertEquals("drv", nic.backend());
    assertEquals(9000, nic.mtu());
    assertEquals(3, nic.devid());
    assertFalse(nic.trusted());
    assertEquals(List.of(), complaints);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mac=zz | Invalid parameter `mac'.",
        "devid=x | Invalid parameter `devid'.",
        "type=tap | Invalid parameter `type'.",
        "color=red | unrecognized argument `color=red'",
        "netdev=eth0 | the netdev parameter is deprecated, please use gatewaydev instead",
        "accel=x | the accel parameter for vifs is currently not supported"
      })
  void badElementIsReportedAndLeftOut(String element, String complaint) throws Exception {
    assertEquals("br1", parse(element, "bridge=br1").bridge());
    assertEquals(List.of(complaint), complaints);
  }

  @Test
  void addressThatGoesWrongLaterEndsInZeros() throws GuestConfigException {
    assertEquals("00:16:3e:00:00:00", parse("mac=00:16:3e:zz").mac());
    assertEquals(List.of(), complaints);
  }

  @ParameterizedTest
  @CsvSource({
    "10Mb/s, 62500, 50000",
    "1MB/s@20ms, 20000, 20000",
    "8Kb/s@1s, 1000, 1000000",
    "1GB/s, 50000000, 50000"
  })
  void rateIsBytesInEachInterval(String rate, long bytes, long micros) throws Exception {
    assertEquals(Optional.of(new NicConfig.Rate(bytes, micros)), parse("rate=" + rate).rate());
  }

  @Test
  void badRateIsFatal() {
    GuestConfigException e = assertThrows(GuestConfigException.class, () -> parse("rate=fast"));
    assertEquals("pv.cfg: config parsing error in vif: invalid rate in `fast'", e.text());
  }
}
