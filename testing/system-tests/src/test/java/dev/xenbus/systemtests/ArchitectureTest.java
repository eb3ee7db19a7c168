package dev.xenbus.systemtests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The rules of who may depend on whom, and of where threads, locks, time and chance come from.
class ArchitectureTest {
  private static final int CLASSES_MIN = 300;
  private static final String[] DRIVERS = {
    "dev.xenbus.netback..", "dev.xenbus.blkback..", "dev.xenbus.netfront..", "dev.xenbus.blkfront.."
  };
  private static final String[] ANNOTATIONS = {
    "org.jspecify..", "com.google.errorprone.annotations.."
  };

  private static JavaClasses classes;

  @BeforeAll
  static void importAll() throws Exception {
    List<Path> folders;
    try (Stream<Path> walk = Files.walk(RepositoryRoot.find(), 4)) {
      // Not the micro benchmarks: most of their code is made by JMH.
      folders =
          walk.filter(path -> path.endsWith("target/classes"))
              .filter(path -> !path.endsWith("jmh/target/classes"))
              .toList();
    }
    classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPaths(folders);
  }

  @Test
  void theRulesFindWhatTheyAreAbout() {
    assertTrue(classes.size() > CLASSES_MIN, "only " + classes.size() + " classes were imported");
  }

  @Test
  void theAbiDependsOnJavaAlone() {
    check(
        classes()
            .that()
            .resideInAPackage("dev.xenbus.abi..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with(ANNOTATIONS, "java..", "dev.xenbus.abi.."))
            .because("two ends that do not trust each other share bytes and numbers only"));
  }

  @Test
  void theMachineDependsOnJavaAlone() {
    check(
        classes()
            .that()
            .resideInAPackage("dev.xenbus.machine..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with(ANNOTATIONS, "java..", "dev.xenbus.machine.."))
            .because("everything stands on it"));
  }

  @Test
  void nothingDependsOnADriver() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages(DRIVERS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(DRIVERS)
            .because("drivers are plugins that ServiceLoader finds"));
  }

  @Test
  void driversKnowTheApisAlone() {
    check(
        classes()
            .that()
            .resideInAnyPackage(DRIVERS)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                with(
                    with(ANNOTATIONS, DRIVERS),
                    "java..",
                    "dev.xenbus.api..",
                    "dev.xenbus.linux.api..",
                    "dev.xenbus.machine..",
                    "dev.xenbus.abi.."))
            .because("drivers of the tree get no favours"));
  }

  @Test
  void theStoreDoesNotKnowTheKernel() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.xenbus.xenstored..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "dev.xenbus.api..",
                "dev.xenbus.xs..",
                "dev.xenbus.probe..",
                "dev.xenbus.hypervisor..",
                "dev.xenbus.linux..")
            .because("a real daemon could stand in its place"));
  }

  @Test
  void theStoresCoreIsPure() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.xenbus.xenstored.store..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "java.net..",
                "java.nio.channels..",
                "java.util.concurrent..",
                "dev.xenbus.machine..")
            .because("the core is a function: no threads, no input or output, no clock"));
  }

  @Test
  void theHypervisorIsKnownToTheEmulatorAlone() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages(
                "dev.xenbus.hypervisor..",
                "dev.xenbus.emulator..",
                "dev.xenbus.scenarios..",
                "dev.xenbus.launcher..",
                // The fixture of the block drivers' tests, which is a host of its own.
                "dev.xenbus.testkit.vbd..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.xenbus.hypervisor..")
            .because("everyone else sees the hypercall interfaces of xen-abi"));
  }

  @Test
  void theToolstackLibraryDoesNotKnowItsCommand() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.xenbus.xl")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.xenbus.xl.cli..")
            .because("other programs use the library")
            .allowEmptyShould(true));
  }

  @Test
  void guiceIsTheEmulatorsAlone() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.xenbus.emulator..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.google.inject..")
            .because("the composition root is one place"));
  }

  @Test
  void packagesOfAModuleHaveNoCycles() {
    check(slices().matching("dev.xenbus.(**)").should().beFreeOfCycles());
  }

  @Test
  void threadsAndLocksComeFromTheMachine() {
    check(
        noClasses()
            .that()
            // bench waits for the processes that it measures: it is outside of every machine
            .resideOutsideOfPackages("dev.xenbus.machine..", "dev.xenbus.bench..")
            .should()
            .dependOnClassesThat(threadsAndLocks())
            .because("a simulated machine decides who runs"));
  }

  @Test
  void timeAndChanceComeFromTheMachine() {
    ArchRule rule =
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.xenbus.machine..")
            .should()
            .callMethodWhere(timeOrChance())
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(Random.class, java.util.concurrent.ThreadLocalRandom.class)
            .because("the same seed must give the same run");
    check(rule);
  }

  @Test
  void noMethodDeclaresEverything() {
    check(
        methods()
            .that()
            .arePublic()
            .and()
            .areDeclaredInClassesThat()
            .resideOutsideOfPackage("dev.xenbus.testkit..")
            .should(
                new ArchCondition<JavaMethod>(
                    "not declare Exception, RuntimeException, Throwable") {
                  @Override
                  public void check(JavaMethod method, ConditionEvents events) {
                    boolean all =
                        !method.getModifiers().contains(JavaModifier.BRIDGE)
                            && method.getThrowsClause().stream()
                                .map(clause -> clause.getRawType().getName())
                                .anyMatch(
                                    name ->
                                        name.equals("java.lang.Exception")
                                            || name.equals("java.lang.Throwable")
                                            || name.equals("java.lang.RuntimeException"));
                    if (all) {
                      events.add(SimpleConditionEvent.violated(method, method.getFullName()));
                    }
                  }
                }));
  }

  private static DescribedPredicate<JavaClass> threadsAndLocks() {
    return DescribedPredicate.describe(
        "are threads, executors or locks of the JDK",
        type ->
            type.getName().equals("java.lang.Thread")
                || type.getName().equals("java.util.Timer")
                || (type.getPackageName().equals("java.util.concurrent")
                    && (type.getName().contains("Executor")
                        || type.getName().endsWith("CountDownLatch")
                        || type.getName().endsWith("Semaphore")
                        || type.getName().endsWith("CompletableFuture")
                        || type.getName().contains("BlockingQueue")))
                || (type.getPackageName().equals("java.util.concurrent.locks")
                    && !type.getSimpleName().equals("Lock")));
  }

  private static DescribedPredicate<JavaMethodCall> timeOrChance() {
    return DescribedPredicate.describe(
        "read the time or make random numbers",
        call -> {
          String owner = call.getTargetOwner().getName();
          String name = call.getName();
          return (owner.equals("java.lang.System")
                  && (name.equals("nanoTime")
                      || name.equals("currentTimeMillis")
                      || name.equals("identityHashCode")))
              || (owner.equals("java.time.Instant") && name.equals("now"))
              || (owner.equals("java.util.UUID") && name.equals("randomUUID"))
              || (owner.equals("java.lang.Math") && name.equals("random"));
        });
  }

  private static void check(ArchRule rule) {
    rule.check(classes);
  }

  private static String[] with(String[] some, String... more) {
    return Stream.concat(Stream.of(some), Stream.of(more)).toArray(String[]::new);
  }
}
