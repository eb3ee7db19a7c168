package dev.xenbus.xenstored.store;

import org.jspecify.annotations.Nullable;

/// The nodes as one request sees them: those of the store, or those of its transaction.
///
/// Everything but [#find] is about the path that was looked for last.
abstract class View {
  /// Looks for a node.
  ///
  /// @return the node, or null if there is none
  /// @throws Refused `ENOSPC`, `ENOMEM` if a transaction may touch no more
  abstract @Nullable Node find(PathRef path) throws Refused;

  /// Looks for a node that is about to be changed.
  ///
  /// @throws Refused as [#find], and [Refused#HELD] if a transaction of somebody else has it
  @Nullable Node findToChange(PathRef path, Client client) throws Refused {
    return find(path);
  }

  /// The nearest existing ancestor, strictly above; null of the root.
  abstract @Nullable Node ancestor() throws Refused;

  /// How many nodes [#create] would make.
  abstract int missing() throws Refused;

  /// Replaces the value of the node that was found.
  abstract void setValue(byte[] value) throws Refused;

  /// Replaces the permissions of the node that was found.
  abstract void setPerms(Perms perms) throws Refused;

  /// Makes the node that was not found, and its missing ancestors with empty values.
  abstract void create(byte[] value, Perms perms) throws Refused;

  /// Removes the node that was found and everything below it.
  abstract void remove() throws Refused;

  /// A node could not be made: a transaction is doomed.
  abstract void fail();

  /// How many nodes a domain would own less or more than its account says.
  abstract int pendingNodes(int domid);
}
