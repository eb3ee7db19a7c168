package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.machine.Machine;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.testkit.TestMachines;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/// W11: with the parameter off no class of mtwatch is loaded, and the run is the same, trace
/// point by trace point, as with the package replaced by one that throws when touched.
class W11OffTest {
  private static final String MODULE_PACKAGE = "dev.xenbus.xs.";
  private static final String MTWATCH_PACKAGE = "dev.xenbus.xs.mtwatch.";

  /// Loads the classes of `dev.xenbus.xs` once more, and those of mtwatch not at all.
  private static final class WithoutMtwatch extends ClassLoader {
    private final CopyOnWriteArrayList<String> touched = new CopyOnWriteArrayList<>();

    WithoutMtwatch() {
      super("without-mtwatch", W11OffTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith(MTWATCH_PACKAGE)) {
        touched.add(name);
        throw new ClassNotFoundException(name + " was touched");
      }
      if (!name.startsWith(MODULE_PACKAGE)) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> known = findLoadedClass(name);
        return known != null ? known : define(name);
      }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      try (InputStream file =
          W11OffTest.class.getResourceAsStream("/" + name.replace('.', '/') + ".class")) {
        if (file == null) {
          throw new ClassNotFoundException(name);
        }
        byte[] bytes = file.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /// Runs [Guests] with classes of this loader.
    long run(String mtwatch, long seed) throws Exception {
      Class<?> copy = loadClass(Guests.class.getName(), true);
      @SuppressWarnings("unchecked")
      Callable<Long> guests =
          (Callable<Long>)
              copy.getDeclaredConstructor(String.class, long.class).newInstance(mtwatch, seed);
      return guests.call();
    }

    /// Runs [LiveGuests] with classes of this loader.
    List<String> runLive() throws Exception {
      Class<?> copy = loadClass(LiveGuests.class.getName(), true);
      @SuppressWarnings("unchecked")
      Callable<List<String>> guests =
          (Callable<List<String>>) copy.getDeclaredConstructor().newInstance();
      return guests.call();
    }
  }

  /// A run with a few guests' watches; returns the hash of everything that happened. Public for the
  /// other loader.
  public static final class Guests implements Callable<Long> {
    private final String mtwatch;
    private final long seed;

    /// Makes it.
    public Guests(String mtwatch, long seed) {
      this.mtwatch = mtwatch;
      this.seed = seed;
    }

    @Override
    public Long call() {
      SimulatedMachine machine = TestMachines.machine(seed);
      TestMachines.run(
          "seed " + seed, machine, on -> seenBy(on, Mtwatch.parse(mtwatch).orElseThrow()));
      return machine.trace().hash();
    }
  }

  /// The same in real time; returns what the guests' watch saw, in order. Public as [Guests] is.
  public static final class LiveGuests implements Callable<List<String>> {
    /// Makes it.
    public LiveGuests() {}

    @Override
    public List<String> call() {
      List<String> paths = new ArrayList<>();
      TestMachines.live(on -> paths.addAll(seenBy(on, Mtwatch.OFF)));
      return paths;
    }
  }

  private static List<String> seenBy(Machine machine, Mtwatch mtwatch) throws Exception {
    try (XsBench bench = new XsBench(machine, mtwatch)) {
      Recorder seen = new Recorder();
      bench.xs.watch("x", XsBench.byPath(), seen::note);
      for (int i = 0; i < 20; i++) {
        bench.store.write("/local/domain/0/x/" + i % 3 + "/" + i, "");
      }
      bench.await(() -> seen.count() == 21);
      bench.xs.suspend();
      bench.xs.resume();
      bench.await(() -> seen.count() == 22);
      bench.queues();
      return seen.paths();
    }
  }

  @Test
  void offTouchesNoClassOfMtwatchInRealTimeEither() throws Exception {
    WithoutMtwatch loader = new WithoutMtwatch();
    assertEquals(new LiveGuests().call(), loader.runLive());
    assertEquals(List.of(), loader.touched);
  }

  @Test
  void offTouchesNoClassOfMtwatchAndRunsTheSame() throws Exception {
    for (long seed = 1; seed <= 5; seed++) {
      WithoutMtwatch loader = new WithoutMtwatch();
      assertEquals(new Guests("off", seed).call(), loader.run("off", seed));
      assertEquals(List.of(), loader.touched);
    }
  }

  /// The test would notice.
  @Test
  void onTouchesThem() {
    WithoutMtwatch loader = new WithoutMtwatch();
    Throwable thrown = assertThrows(Throwable.class, () -> loader.run("on", 1));
    while (thrown instanceof InvocationTargetException || thrown instanceof AssertionError) {
      thrown = thrown.getCause();
    }
    assertTrue(loader.touched.getFirst().startsWith(MTWATCH_PACKAGE), () -> "" + loader.touched);
  }
}
