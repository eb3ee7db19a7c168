/// The library of scenarios: what happened in the field, as programs.
@NullMarked
package dev.xenbus.scenarios;

import org.jspecify.annotations.NullMarked;
