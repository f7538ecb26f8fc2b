// The OCI runtime's mechanism: everything between clone and exec. The plan is fields as in plan.h, made by the Swift target
// OCIRuntime in the same process, so its numbers of descriptors are this process's.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum kd_oci_tag {
    // container
    KD_OCI_FLAGS = 1, KD_OCI_ROOTFS, KD_OCI_MOUNT, KD_OCI_DEVICE, KD_OCI_MASK, KD_OCI_READ_ONLY, KD_OCI_SYSCTL, KD_OCI_NAMESPACE,
    KD_OCI_HOSTNAME, KD_OCI_DOMAINNAME, KD_OCI_PROPAGATION, KD_OCI_HOOK, KD_OCI_HIERARCHY, KD_OCI_TIME_OFFSETS,
    // process
    KD_OCI_ARGUMENT = 32, KD_OCI_VARIABLE, KD_OCI_DIRECTORY, KD_OCI_UID, KD_OCI_GID, KD_OCI_GROUP, KD_OCI_UMASK, KD_OCI_CAPABILITIES,
    KD_OCI_FILTER, KD_OCI_FILTER_FLAGS, KD_OCI_LABEL, KD_OCI_TERMINAL_SIZE, KD_OCI_PERSONALITY, KD_OCI_SCHEDULER, KD_OCI_IO_PRIORITY,
    KD_OCI_AFFINITY, KD_OCI_MEMORY_POLICY,
    // descriptors and processes
    KD_OCI_SYNC = 64, KD_OCI_FIFO, KD_OCI_CONSOLE, KD_OCI_STATE, KD_OCI_PRESERVED, KD_OCI_TARGET, KD_OCI_CGROUP, KD_OCI_HOOK_OUTPUT, KD_OCI_HOOK_ERRORS,
    // inside of a record
    KD_OCI_PATH = 96, KD_OCI_TYPE, KD_OCI_SOURCE, KD_OCI_VALUE, KD_OCI_SET, KD_OCI_CLEAR, KD_OCI_SET_BELOW, KD_OCI_CLEAR_BELOW,
    KD_OCI_OPTION, KD_OCI_UID_MAP, KD_OCI_GID_MAP, KD_OCI_NUMBERS, KD_OCI_TIMEOUT,
};
enum {  // KD_OCI_FLAGS of the plan
    KD_OCI_HAS_TERMINAL = 1, KD_OCI_READ_ONLY_ROOT = 2, KD_OCI_NO_NEW_PRIVILEGES = 4, KD_OCI_NO_PIVOT = 8, KD_OCI_NO_KEYRING = 16,
    KD_OCI_IN_USER_NAMESPACE = 32,   // nodes of devices cannot be made, ids are those of the namespace
    KD_OCI_KEEPS_GROUPS = 64,        // setgroups is refused in this user namespace
    KD_OCI_OPENS_SOURCES = 128,      // what is bound is opened before the user namespace is entered
    KD_OCI_HAS_DEVICES = 256,        // /dev is the container's own
    KD_OCI_CGROUP2 = 512, KD_OCI_CGROUP_NAMESPACE = 1024,
    KD_OCI_ENTERS_CGROUPS = 2048,    // it enters the hierarchies by itself; otherwise the command has done that
    KD_OCI_SEEDS_DEVICES = 4096,     // nodes of devices are made before the user namespace is entered
    KD_OCI_MOUNTS_IN_PLACE = 32768,  // there is no mount namespace: the command has mounted the root over itself
    KD_OCI_ADDS_MOUNTS = 8192, KD_OCI_REMOVES_MOUNTS = 16384,  // with a target: nothing but that is done in the container
};
enum {  // KD_OCI_FLAGS of a mount
    KD_OCI_BIND = 1, KD_OCI_BIND_BELOW = 2, KD_OCI_COPY_UP = 4, KD_OCI_ID_MAPPED = 8, KD_OCI_CGROUPS = 16, KD_OCI_NO_FOLLOW = 32,
    KD_OCI_ID_MAPPED_BELOW = 64, KD_OCI_NO_FOLLOW_TARGET = 128,
};
enum { KD_OCI_HOOK_CREATE_CONTAINER = 1, KD_OCI_HOOK_START_CONTAINER };

// What the new process and the command say to each other: one such message each.
struct kd_oci_message { int32_t type, number; char step[64], path[512]; };
enum {
    KD_OCI_FAILED = 1,     // number: errno, 0 when `step` says everything
    KD_OCI_CONTINUE,       // the command has done its part
    KD_OCI_MOUNTED,        // hooks of the host's side may run
    KD_OCI_READY,          // everything but the program
    KD_OCI_MASTER,         // carries the terminal
    KD_OCI_IS,             // number: the process's id, when another was made on the way
    KD_OCI_WARNING,        // number: errno; the container goes on
};

// Makes the container's first process, or with KD_OCI_TARGET one more in a container. It waits for KD_OCI_CONTINUE. Never fails without saying
// so on the synchronizing socket or here: -1 with errno, `step` naming what failed (in `size` bytes).
int32_t kd_oci_spawn(const void *plan, size_t size, char *step, size_t step_size);
// Runs one hook: `arguments` and `environment` end in NULL (an environment of NULL is this process's). Its input is `state`. Its output goes to
// `output`, or with -1 to this process's; its words of error to `errors`, or with -1 to `said` (of `size`, with a NUL). A wait status; -1 with
// errno (ETIME: longer than `timeout` seconds, 0 for no bound).
int kd_oci_hook(const char *path, char *const arguments[], char *const environment[], const void *state, size_t state_size, int64_t timeout,
                int output, int errors, char *said, size_t size);
// Waits for `pid` to end as its parent, passing signals on and, when `master` is not -1, bytes between it and this process's terminal.
// The wait status.
int kd_oci_attend(int32_t pid, int master);
// Sets a limit of `pid`: 0, 1 when only as much as the hard limit that there was, -1.
int kd_oci_prlimit(int32_t pid, uint32_t resource, uint64_t soft, uint64_t hard);
int kd_oci_mkfifo(const char *path);
// Mounts a directory over itself, with what is mounted below it, and keeps what is mounted there from other mount namespaces; and takes that away
// again with all that was mounted on it. -1 with errno.
int kd_oci_cover_root(const char *path);
int kd_oci_uncover_root(const char *path);
// cgroup v2: replaces the program of devices of `cgroup`; `program` is `count` instructions of eBPF.
int kd_oci_devices(const char *cgroup, const void *program, size_t count);
