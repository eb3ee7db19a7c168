package dev.xenbus.linux.api;

/// What a disk is like.
///
/// @param sectors size in sectors of 512 bytes
/// @param sectorBytes logical sector size: 512 or 4096
/// @param physicalSectorBytes physical sector size
/// @param tags how many requests it has at once
/// @param readOnly whether it refuses writes
/// @param writeCache whether flushing means anything
/// @param discard whether content can be forgotten
/// @param cdrom whether it is a CD-ROM
public record DiskOptions(
    long sectors,
    int sectorBytes,
    int physicalSectorBytes,
    int tags,
    boolean readOnly,
    boolean writeCache,
    boolean discard,
    boolean cdrom) {}
