package dev.xenbus.xl.cli;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.xl.LibxlException;
import dev.xenbus.xl.Rc;
import dev.xenbus.xl.Toolstack;
import dev.xenbus.xl.XlServices;
import java.util.Optional;

/// One run of `xl`.
///
/// @param context what the console gave it
/// @param services what the emulator gave it
/// @param toolstack its connection
record XlProcess(UserCommand.Context context, XlServices services, Toolstack toolstack) {
  TextOutput out() {
    return context.out();
  }

  TextOutput err() {
    return context.err();
  }

  /// Returns the domain that an argument names; a number is not checked for existence.
  ///
  /// @throws UsageException if no domain has that name
  Domid domain(String argument) throws LibxlException, UsageException {
    Optional<Domid> domid = toolstack.byQualifier(argument);
    return domid.orElseThrow(
        () ->
            new UsageException(
                1, argument + " is an invalid domain identifier (rc=" + Rc.INVAL.code() + ")"));
  }
}
