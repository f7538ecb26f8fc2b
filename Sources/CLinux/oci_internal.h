// What the files of the OCI runtime share. One process at a time runs this: the command until it clones, then the container's own.
#pragma once
#include "include/oci.h"
#include "supervisor_internal.h"

struct oci_mount {
    const char *type, *source, *target, *uid_map, *gid_map;
    const char **options;
    size_t option_count;
    uint64_t flags, set, clear, set_below, clear_below, propagation;
    int tree;                       // opened before the user namespace was entered; -1: not yet
};
struct oci_device { const char *path; uint64_t type, major, minor, mode, uid, gid, host_uid, host_gid; };
struct oci_pair { const char *name, *value; };
struct oci_namespace { uint64_t kind; const char *path; int fd; };
struct oci_hook { uint64_t kind, timeout; const char *path; char **arguments, **environment; size_t argument_count, variable_count; };
struct oci_plan {
    uint64_t flags;
    const char *rootfs, *hostname, *domainname, *directory, *label, *label_file, *time_offsets;
    struct oci_mount *mounts;
    struct oci_device *devices;
    struct oci_pair *sysctls, *hierarchies;
    struct oci_namespace *namespaces;
    struct oci_hook *hooks;
    const char **masks, **read_only;
    char **arguments, **variables;
    gid_t *groups;
    size_t mount_count, device_count, sysctl_count, hierarchy_count, namespace_count, hook_count, mask_count, read_only_count;
    size_t argument_count, variable_count, group_count;
    uint64_t propagation, uid, gid, umask, capabilities[5], filter_flags, terminal_size, personality, io_priority, preserved;
    bool has_capabilities, has_personality, has_io_priority;
    const void *filter, *scheduler;
    size_t filter_size, scheduler_size;
    uint64_t affinity[16];          // processors that an exec may use from its start; none: any
    size_t affinity_count;
    const uint64_t *memory_policy;  // mode with its flags, then a bit for each node
    size_t memory_policy_count;
    int sync, fifo, console, state, target, cgroup, hook_output, hook_errors;
    int seed;                       // a file system with the nodes of devices by their positions; -1: none
    int proc;                       // the machine's own proc file system, which no container has touched
};

enum { OCI_BOUNDING, OCI_EFFECTIVE, OCI_INHERITABLE, OCI_PERMITTED, OCI_AMBIENT };

// 0, or an errno. What it reads into must outlive the plan.
int oci_plan_read(const void *bytes, size_t size, struct oci_plan *plan);

// --- the container's file system (oci_mounts.c, oci_devices.c, oci_paths.c)
// An O_PATH descriptor of `path` inside `root`, whose missing parts are made, behind links that lead nowhere too.
int oci_make_in(int root, const char *path, enum make make);
int oci_open_source(struct oci_mount *mount);
// The container's root with everything mounted, but not entered yet.
int oci_build_root(struct oci_plan *plan);
// Makes it the root of this process, with its propagation and whether it can be written.
void oci_enter_root(const struct oci_plan *plan, int root);
// In the root of a container that this process has joined.
void oci_add_mounts(struct oci_plan *plan);
void oci_remove_mounts(const struct oci_plan *plan);
void oci_make_devices(const struct oci_plan *plan, int root);
// The file system that becomes the plan's seed; -1 with errno.
int oci_seed_devices(const struct oci_plan *plan);
void oci_mount_cgroups1(const struct oci_plan *plan, const struct oci_mount *mount, int target);
void oci_cover_paths(const struct oci_plan *plan, int root);
int oci_null(void);
int oci_copy_up(int from, int to);

// --- the process (oci_process.c, oci_terminal.c, oci_user.c)
_Noreturn void oci_fail(const char *step, const char *path);
// Fails with a whole sentence.
_Noreturn void oci_refuse(const char *step, const char *path);
void oci_check(int result, const char *step, const char *path);
void oci_warn(const char *step, const char *path);
void oci_say(int32_t type, int32_t number, const char *step, const char *path);
void oci_await(int32_t type);
void oci_open_terminal(const struct oci_plan *plan, bool is_container);
// In a user namespace everything is done as its root, or as what there is of it.
void oci_become_root(struct oci_plan *plan);
void oci_become_user(const struct oci_plan *plan);
// "HOME=…" of a user, allocated; NULL without memory.
char *oci_home(uint64_t uid);
void oci_run_hooks(const struct oci_plan *plan, uint64_t kind);
void oci_write_sysctls(const struct oci_plan *plan);
_Noreturn void oci_finish(struct oci_plan *plan, bool is_container);
extern int oci_sync;
