// Starting the node supervisor. The supervisor itself takes over in a constructor when argv[0] is "kdash-node".
#pragma once
#include "plan.h"

enum { KD_BOOT_FD = 3, KD_BOOT_STATUS_FD = 4 };

// What the starting supervisor tells over its status socket.
struct kd_boot_status {
    uint32_t kind;      // KD_BOOT_READY, KD_BOOT_FAILED, KD_BOOT_NEEDS_MAP
    int32_t error;
    char step[48];
    char path[256];
};
enum { KD_BOOT_READY = 1, KD_BOOT_FAILED, KD_BOOT_NEEDS_MAP };

// An unwritable handle of the program at `path`: a detached read-only overlay over its directory (`scratch` is any
// other directory), or else a sealed copy in memory. Returns a descriptor for execveat, -1 with errno.
int kd_seal_program(const char *path, const char *scratch);

// Executes `program` as "kdash-node" in new namespaces (`flags`, KD_CLONE_NEW…) and a new session, with `boot` and
// `status` as its only descriptors. Never forks: the caller may be large and have threads. Blocks this thread until
// the exec. Returns the process id and its pidfd, or -1.
int32_t kd_supervisor_spawn(int program, int boot, int status, uint64_t flags, int *pidfd);

// waitid on a pidfd of a child, without blocking: 1 ended, 0 still there, -1.
int kd_reap_pidfd(int pidfd);
// Runs `program` (argv NULL-terminated) as a plain child and waits: its wait status or -1. Never forks either.
int kd_run_helper(const char *program, char *const argv[]);

// cgroup v2: everything in `cgroup` and below may use the standard character devices, terminals, tun and fuse only.
int kd_restrict_devices(const char *cgroup);
// Loads a program of `count` eBPF instructions that guards devices: its descriptor, or -1.
int kd_load_device_program(const void *program, size_t count);

// pipe2 with CLOEXEC.
int kd_pipe_pair(int ends[2]);
