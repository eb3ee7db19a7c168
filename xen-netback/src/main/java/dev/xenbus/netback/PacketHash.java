package dev.xenbus.netback;

/// The hash of a packet's flow, as it is told to the guest.
///
/// @param type what went into it: `HASH_…` of `ExtraInfoLayout`
/// @param algorithm how it was computed
/// @param value its 32 bits
record PacketHash(int type, int algorithm, int value) {}
