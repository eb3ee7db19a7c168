package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageHeader;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.xenstore.conformance.Facts;
import dev.xenbus.xenstore.conformance.ScriptRunner;
import dev.xenbus.xenstore.conformance.ScriptRunner.Outcome;
import dev.xenbus.xenstore.conformance.ScriptRunner.Result;
import dev.xenbus.xenstore.conformance.StoreScript;
import dev.xenbus.xenstore.conformance.Target;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The conformance facts on the pure core: no threads, no framing.
class CoreConformanceTest {
  /// A store with a made-up hypervisor.
  static final class CoreTarget implements Target, Target.Hypervisor {
    private final FakeHost host = new FakeHost();
    private final Dialect dialect;
    private final Store store;

    CoreTarget(Dialect dialect) {
      this.dialect = dialect;
      this.store = new Store(host, StoreSettings.of(dialect));
    }

    List<String> check() {
      return store.check();
    }

    @Override
    public String profile() {
      return dialect.profile();
    }

    @Override
    public boolean takesBytes() {
      return false;
    }

    @Override
    public Channel open() {
      return new CoreChannel(store, store.connect());
    }

    @Override
    public Optional<Channel> openDomain(int domid) throws IOException {
      if (store.ringOf(domid).isEmpty()) {
        create(domid);
        CoreChannel toolstack = new CoreChannel(store, store.connect());
        byte[] payload = Message.payloadOf(Integer.toString(domid), "1", "1");
        toolstack.send(Message.of(MessageType.INTRODUCE, 1, TransactionId.NONE, payload).encode());
        toolstack.close();
      }
      return store.ringOf(domid).map(client -> new CoreChannel(store, client));
    }

    @Override
    public Optional<Hypervisor> hypervisor() {
      return Optional.of(this);
    }

    @Override
    public void create(int domid) {
      if (!host.domains.containsKey(domid)) {
        host.create(domid);
      }
    }

    @Override
    public void stop(int domid) {
      host.stop(domid);
      store.scanDomains();
    }

    @Override
    public void start(int domid) {
      host.restart(domid);
      store.scanDomains();
    }

    @Override
    public void kill(int domid) {
      host.die(domid);
      store.scanDomains();
    }

    @Override
    public void close() {
      // nothing is open
    }
  }

  /// A client; a ring's stays when the script ends.
  private record CoreChannel(Store store, Client client, MessageDecoder decoder)
      implements Target.Channel {
    CoreChannel(Store store, Client client) {
      this(store, client, new MessageDecoder());
    }

    @Override
    public void send(byte[] bytes) {
      for (int at = 0; at < bytes.length; ) {
        MessageHeader header =
            MessageHeader.readFrom(ByteBuffer.wrap(bytes, at, MessageHeader.BYTES));
        while (!store.answer(client, bytes, at)) {
          store.setTime(store.time() + Holds.HOLD_NANOS);
          store.refresh(client);
        }
        at += MessageHeader.BYTES + header.length();
      }
    }

    @Override
    public Optional<Message> receive(int timeoutMillis) throws IOException {
      Outbox out = client.out();
      ByteBuffer bytes = ByteBuffer.wrap(out.array(), out.offset(), out.pending());
      int before = bytes.position();
      Optional<Message> message = decoder.next(bytes);
      out.consumed(bytes.position() - before);
      return message;
    }

    @Override
    public void close() {
      if (client.domid() == 0) {
        store.disconnect(client);
      }
    }
  }

  /// A store whose every answer to a script is the wrong error.
  private record Lying(CoreTarget honest) implements Target {
    @Override
    public String profile() {
      return honest.profile();
    }

    @Override
    public boolean takesBytes() {
      return honest.takesBytes();
    }

    @Override
    public Channel open() {
      return lying(honest.open());
    }

    @Override
    public Optional<Channel> openDomain(int domid) throws IOException {
      return honest.openDomain(domid).map(Lying::lying);
    }

    @Override
    public Optional<Hypervisor> hypervisor() {
      return honest.hypervisor();
    }

    @Override
    public void close() {
      honest.close();
    }

    private static Channel lying(Channel channel) {
      return new Channel() {
        @Override
        public void send(byte[] bytes) throws IOException {
          channel.send(bytes);
        }

        @Override
        public Optional<Message> receive(int timeoutMillis) throws IOException {
          return channel
              .receive(timeoutMillis)
              .filter(message -> !message.header().isWatchEvent())
              .map(
                  message ->
                      Message.of(
                          MessageType.ERROR,
                          message.header().requestId(),
                          TransactionId.NONE,
                          Message.payloadOf("EROFS")));
        }

        @Override
        public void close() throws IOException {
          channel.close();
        }
      };
    }
  }

  @Test
  void noFactHoldsOfAServerThatLies() throws IOException {
    for (Dialect dialect : Dialect.values()) {
      ScriptRunner runner = new ScriptRunner(new Lying(new CoreTarget(dialect)));
      for (StoreScript script : Facts.all()) {
        assertNotEquals(Outcome.HOLDS, runner.run(script).outcome(), script.name());
      }
    }
  }

  @Test
  void factsAreManyAndEachSaysWhatItProves() throws IOException {
    List<StoreScript> facts = Facts.all();
    assertTrue(facts.size() >= 300, () -> facts.size() + " facts");
    for (StoreScript script : facts) {
      assertTrue(script.fact().endsWith("."), () -> script.name() + " says: " + script.fact());
    }
    assertEquals(
        facts.size(), facts.stream().map(StoreScript::fact).distinct().count(), "no fact twice");
  }

  @TestFactory
  Stream<DynamicTest> everyFactHolds() throws IOException {
    return tests(Dialect.C);
  }

  @TestFactory
  Stream<DynamicTest> everyFactHoldsOfTheDialectOfXen417() throws IOException {
    return tests(Dialect.C_4_17);
  }

  @TestFactory
  Stream<DynamicTest> everyFactHoldsOfTheDialectOfOxenstored() throws IOException {
    return tests(Dialect.OCAML);
  }

  private static Stream<DynamicTest> tests(Dialect dialect) throws IOException {
    CoreTarget target = new CoreTarget(dialect);
    ScriptRunner runner = new ScriptRunner(target);
    return Facts.all().stream()
        .filter(script -> script.holdsFor(dialect.profile()))
        .map(
            script ->
                DynamicTest.dynamicTest(
                    script.name(),
                    () -> {
                      Result result = runner.run(script);
                      assumeTrue(result.outcome() != Outcome.SKIPPED, result::detail);
                      assertEquals("", result.detail());
                      assertEquals(List.of(), target.check(), "accounts and tree");
                    }));
  }
}
