/* How much memory this process can still be given. */
#ifndef SGAN_MACHINE_ROOM_H
#define SGAN_MACHINE_ROOM_H

#include <sgan/sgan.h>

/* Bytes: what the machine has free, can free, or can swap out, but no more than the process's control groups and all above
 * them leave of theirs; UINT64_MAX where it is not told. Read below `root` ("" for the machine), where root/proc and
 * root/sys/fs/cgroup are. */
uint64_t sgan_memory_room(const char *root);

#endif
