/// Stand-ins for tests: [TestKernel], [TestStore] and [TestXen], on any machine.
@NullMarked
package dev.xenbus.testkit;

import org.jspecify.annotations.NullMarked;
