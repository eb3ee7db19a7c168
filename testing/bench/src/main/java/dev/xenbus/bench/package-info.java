/// The macro benchmarks. Start with [StoreBench]: what is measured; then [Load]: how.
@NullMarked
package dev.xenbus.bench;

import org.jspecify.annotations.NullMarked;
