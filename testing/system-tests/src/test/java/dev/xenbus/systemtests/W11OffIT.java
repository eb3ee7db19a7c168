package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// W11 of the whole: a boot with two guests and without `xen_mtwatch` is the same, choice by choice
/// and thread by thread, where every class of the mtwatch package throws when it is touched, and
/// loads none of them. Each boot has a JVM of its own.
class W11OffIT {
  private static final String MTWATCH_FOLDER = "dev/xenbus/xs/mtwatch/";
  private static final String TOUCHED = "a class of mtwatch was touched";
  private static final long BOOT_SECONDS_MAX = 120;

  @TempDir private Path folder;

  /// What a boot left.
  private record Boot(int exit, String printed, Path trace, Path classes) {}

  @Test
  void offIsTheSameWhereMtwatchThrowsWhenTouched() throws IOException, InterruptedException {
    Boot usual = boot("usual", List.of());
    assertEquals(0, usual.exit(), usual::printed);
    Boot without = boot("without", throwingMtwatch());
    assertEquals(0, without.exit(), without::printed);
    String trace = Files.readString(usual.trace());
    assertTrue(trace.contains("[vif2.0-q0-guest-rx]"), trace);
    assertTrue(trace.contains("watch_begin"), trace);
    assertEquals(trace, Files.readString(without.trace()));
    assertFalse(
        Files.readString(usual.classes()).contains("dev.xenbus.xs.mtwatch"),
        "no class of mtwatch is loaded");
  }

  /// The test would notice.
  @Test
  void onTouchesThem() throws IOException, InterruptedException {
    Boot without = boot("on-without", throwingMtwatch(), "xen_mtwatch");
    assertNotEquals(0, without.exit());
    assertTrue(without.printed().contains(TOUCHED), without::printed);
    assertTrue(Files.readString(without.classes()).contains("dev.xenbus.xs.mtwatch"));
  }

  private Boot boot(String name, List<String> jvm, String... words)
      throws IOException, InterruptedException {
    Path trace = folder.resolve(name + ".trace");
    Path classes = folder.resolve(name + ".classes");
    Path guests = Files.createDirectory(folder.resolve(name));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    command.add("-Xlog:class+load:file=" + classes);
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("--module-path");
    command.add(System.getProperty("jdk.module.path"));
    command.add("--class-path"); // where the test runner keeps what no module requires by name
    command.add(System.getProperty("java.class.path"));
    command.add("--patch-module");
    command.add("dev.xenbus.systemtests=" + testClasses());
    command.addAll(jvm);
    command.add("--module");
    command.add("dev.xenbus.systemtests/" + TwoGuestsTrace.class.getName());
    command.addAll(List.of(trace.toString(), guests.toString()));
    command.addAll(List.of(words));
    Path printed = folder.resolve(name + ".printed");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile())
            .start();
    if (!process.waitFor(BOOT_SECONDS_MAX, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return new Boot(process.waitFor(), Files.readString(printed), trace, classes);
  }

  private static Path testClasses() {
    return RepositoryRoot.find().resolve("testing/system-tests/target/test-classes");
  }

  /// Writes every class of mtwatch with a static initialiser that throws, and returns the option
  /// that puts them in the place of the real ones.
  private List<String> throwingMtwatch() throws IOException {
    Path patch = folder.resolve("patch");
    ModuleReference module =
        ModuleLayer.boot().configuration().findModule("dev.xenbus.xs").orElseThrow().reference();
    try (ModuleReader reader = module.open()) {
      List<String> names =
          reader
              .list()
              .filter(name -> name.startsWith(MTWATCH_FOLDER) && name.endsWith(".class"))
              .filter(name -> !name.endsWith("package-info.class"))
              .toList();
      assertTrue(names.size() >= 5, () -> "found " + names);
      for (String name : names) {
        Path file = patch.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, throwing(reader.read(name).orElseThrow().array()));
      }
    }
    return List.of("--patch-module", "dev.xenbus.xs=" + patch);
  }

  private static byte[] throwing(byte[] bytes) {
    ClassDesc error = ClassDesc.of("java.lang.AssertionError");
    ClassFile file = ClassFile.of();
    return file.transformClass(
        file.parse(bytes),
        ClassTransform.dropping(
                element ->
                    element instanceof MethodModel method
                        && method.methodName().equalsString(ConstantDescs.CLASS_INIT_NAME))
            .andThen(
                ClassTransform.endHandler(
                    type ->
                        type.withMethodBody(
                            ConstantDescs.CLASS_INIT_NAME,
                            ConstantDescs.MTD_void,
                            AccessFlag.STATIC.mask(),
                            code ->
                                code.new_(error)
                                    .dup()
                                    .loadConstant(TOUCHED)
                                    .invokespecial(
                                        error,
                                        ConstantDescs.INIT_NAME,
                                        MethodTypeDesc.of(
                                            ConstantDescs.CD_void, ConstantDescs.CD_Object))
                                    .athrow()))));
  }
}
