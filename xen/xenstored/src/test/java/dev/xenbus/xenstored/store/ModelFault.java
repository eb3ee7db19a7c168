package dev.xenbus.xenstored.store;

/// A fault that a test plants, to see that it is found.
enum ModelFault {
  NONE,
  /// Watches with a depth hear of every level.
  DEPTH_FORGOTTEN,
  /// A transaction that read a node commits although others wrote it.
  READS_DO_NOT_CONFLICT,
  /// Nodes that vanish below a removed one are not told.
  SILENT_DESCENDANTS,
  /// What a guest makes stays its parent's owner's.
  CREATOR_IS_NO_OWNER,
  /// Whether a node is missing is told to everybody.
  MISSING_IS_TOLD,
  /// Guests hear of what they may not read.
  UNREADABLE_IS_TOLD,
  /// Who loses the right to read is not told.
  LOSER_IS_NOT_TOLD,
  /// Guests may own any number of nodes.
  FREE_NODES,
  /// Guests may have any number of watches.
  FREE_WATCHES,
  /// A guest's node may have any size.
  FREE_SIZE,
  /// A transaction that met a quota may commit.
  DOOM_FORGOTTEN,
  /// A dead domain's entries stay.
  DEAD_KEEP_ENTRIES,
  /// A dead domain's nodes stay.
  DEAD_KEEP_NODES,
  /// A target gives no rights.
  TARGET_FORGOTTEN
}
