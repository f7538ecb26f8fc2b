// The node supervisor: one single-threaded process, pid 1 of the node. Everything below runs in it or in a child that
// it made and that has not executed its program yet. It holds no descriptor of a host directory: privileged
// containers may open what is in /proc/1/fd.
#pragma once
#include "include/plan.h"
#include "include/supervisor.h"
#include <stdbool.h>
#include <sys/types.h>

enum { MAXIMUM_HIERARCHIES = 16, MAXIMUM_CLIENTS = 8, MAXIMUM_ENTRIES = 16384, BUILD_LIMIT = 64, PARTIAL_LIMIT = 16384, JOURNAL_LIMIT = 4 << 20 };

struct hierarchy {
    int fd;                 // root of the node's own view
    bool counts_memory;     // its directories have the OOM counter
};

struct node {
    int proc, dev_null, staging;    // our own proc file system; /dev/null; a directory to put roots of containers on
    int pid_namespace, network_namespace, uts_namespace, ipc_namespace;
    int journal, listener, epoll, signals;
    bool cgroup2, rootless;
    uint32_t owner;                 // the only user who may connect, beside root
    char boot_id[40];
    char build[BUILD_LIMIT];        // which program this is, in the words of the daemon that started it
    int clients[MAXIMUM_CLIENTS];   // -1: free
    int asking;                     // the client that waits for the replacement
    uint64_t request;
    struct hierarchy hierarchies[MAXIMUM_HIERARCHIES];
    int hierarchy_count;
};
extern struct node node;

// --- files and mounts (supervisor_mounts.c)
int open_in(int root, const char *path, int flags, uint64_t resolve);
enum make { MAKE_NOTHING, MAKE_DIRECTORY, MAKE_FILE };
// An O_PATH descriptor of `path` inside `root`, whose missing parts are made; links never lead outside.
int make_in(int root, const char *path, enum make make, uint64_t resolve);
// A detached mount of a file system; `options` are "key", "value" pairs ended by NULL; a NULL value is a flag.
int make_filesystem(const char *type, unsigned attributes, const char *const *options);
int clone_tree(int fd, const char *path, bool recursive);
int attach(int mount, int target);
int set_attributes(int fd, bool recursive, uint64_t set, uint64_t propagation);
int write_in(int directory, const char *path, const char *text);
// Sets what the next exec is confined with: `file` of this process's security attributes below `proc`.
int write_label(int proc, const char *file, const char *label);
ssize_t read_in(int directory, const char *path, char *buffer, size_t size);
// Mounts /dev with its nodes, shm and mqueue on `target`; returns a descriptor of its root.
int mount_devices(int target);
// Mounts the terminals of `dev`, which belong to the group 5 when asked.
int mount_terminals(int dev, bool group);
// Mounts the view of this process's cgroup namespace on `target`; read-only when asked.
int mount_cgroups(int target, bool read_only);
int enter_root(int root);
void raise_loopback(void);

// --- plans (supervisor_plan.c)
struct limit { uint64_t resource, soft, hard; };
struct mount_plan { const char *source, *subpath, *target; uint64_t flags, size, type; };
struct plan {
    char *bytes;                    // owns everything below
    const char *id, *sandbox, *cgroup, *directory;
    const char *processes;          // the container whose pid namespace is joined; NULL: its own, or the sandbox's
    char **arguments, **variables;
    const char **layers, **masks, **read_only;
    struct mount_plan *mounts;
    gid_t *groups;
    size_t argument_count, variable_count, layer_count, mask_count, read_only_count, mount_count, group_count, limit_count;
    const char *upper, *work;
    const char *profile;            // of AppArmor; NULL: none
    const char *log_path;
    uint64_t log_size, log_files;
    uint64_t uid, gid, capabilities, flags, terminal;
    int64_t oom_score;
    const void *filter;
    size_t filter_size;
    struct limit limits[16];
};
// 0, or an errno. The caller frees with plan_free.
int plan_read(int fd, struct plan *plan);
void plan_free(struct plan *plan);
bool valid_id(const char *id);

// --- logs (supervisor_log.c)
struct log {
    int directory, file;
    char name[64];
    uint64_t size, maximum, files;
    uint64_t lines, bytes;          // output written since the log began, without line feeds
    uint64_t lost;                  // bytes of output not written since the last good write
    int lost_error;
    uint64_t retry_at;              // size at which a rotation that failed is tried again; 0: none failed
};
struct stream {
    int fd;
    const char *name;               // "stdout" or "stderr"
    char *partial;                  // an unterminated line's beginning, at most PARTIAL_LIMIT; allocated on first need
    uint32_t partial_size;
    uint64_t tap;                   // names this stream to those who attached; 0: nobody
};
int log_open(struct log *log, const char *path, uint64_t maximum, uint64_t files);
void log_close(struct log *log);
// Reads what is there; true at the end of the stream.
bool stream_drain(struct stream *stream, struct log *log, bool everything);
// Writes the beginnings of lines that have waited for their end; how many milliseconds until some will have, -1: none waits.
int log_partials(void);
// Writes an unterminated rest and closes.
void stream_finish(struct stream *stream, struct log *log);

// --- taps (supervisor_tap.c)
struct resumption { int slot, source; };  // which stream to go on with, for the loop
// Copies what `stream` says from now on to `fd`, which stays the caller's; `what` is the loop's name for it. 0 or an errno.
int tap_add(struct stream *stream, int fd, struct resumption again, uint64_t what);
// Whether somebody must read before more of the stream may be.
bool tap_holds_back(const struct stream *stream);
void tap_feed(struct stream *stream, const char *bytes, size_t size);
// The stream has ended: taps close once they are empty.
void tap_finish(struct stream *stream);
// A tap has room or lost its reader; true when the stream that it held back goes on.
bool tap_drained(int fd, struct resumption *again);

// --- table (supervisor_table.c)
struct sandbox {
    char id[KD_ID_LIMIT];
    uint64_t flags;
    int network, uts, ipc, pid;     // namespaces; -1: the node's (pid: each container its own)
    int users;                      // the user namespace that owns the others; -1: the node's
    uint32_t first_user;            // the node's number of the namespace's user and group 0
    pid_t pause;
};
enum entry_kind { CONTAINER, EXEC };
struct entry {
    enum entry_kind kind;
    int state;                      // KD_STATE_…
    char id[KD_ID_LIMIT], sandbox[KD_ID_LIMIT], cgroup[256];
    pid_t pid;
    int pidfd, sync, cgroup_fd, input, terminal;
    uint64_t start_ticks, oom_before, oom_kills;
    int64_t started, finished;      // nanoseconds since 1970
    bool quota_lifted;              // it was killed, and dies without a bound of processor time
    char pod_quota[32];             // the bound to give back to its pod then; empty: none, or another entry gives it
    int status;
    int client;                     // who waits for the start, or owns the exec; -1: nobody
    uint64_t request;
    bool ready, failed, ended, acknowledged;    // failed: not to run any more, and whoever waited knows or has gone
    struct stream streams[2];
    struct log log;
};
extern struct entry *entries[MAXIMUM_ENTRIES];
extern int entry_limit;
extern struct sandbox *sandboxes[MAXIMUM_ENTRIES];
extern int sandbox_limit;
struct entry *entry_find(const char *id);
struct entry *entry_add(enum entry_kind kind, const char *id, const char *sandbox);
void entry_free(struct entry *entry);
struct sandbox *sandbox_find(const char *id);
struct sandbox *sandbox_add(void);
// `user_count` 0: the node's users. `step` becomes what failed, where there is more to say of it than that.
int sandbox_create(const char *id, const char *hostname, uint64_t flags, char *const *sysctls, uint32_t first_user, uint32_t user_count,
    struct sandbox **created, const char **step);
int sandbox_remove(struct sandbox *sandbox);
// Brings about the host name and the settings of the namespaces that this process has just got; `fresh` are those.
int sandbox_settle(int fresh, const char *hostname, char *const *sysctls);
// An open namespace of a process, by its number in the node or "self".
int namespace_of(const char *process, const char *name);
// A socket made in a network namespace (-1: the node's).
int socket_in(int network, int domain, int type, int protocol);
uint64_t oom_counter(int cgroup_fd);
void kill_cgroup(struct entry *entry);
// Gives back what killing took from the pod's limits.
void restore_quota(struct entry *entry);
uint64_t start_ticks(pid_t pid);
int64_t wall_clock(void);
void watch(int fd, uint32_t events, uint64_t what, int slot);
// Tells once more of what an edge-triggered descriptor has.
void watch_again(int fd, uint32_t events, uint64_t what, int slot);
void close_fd(int *fd);

// --- users (supervisor_users.c)
// Makes the namespaces of a sandbox with users of its own, which own them. 0 or an errno; `step` changes when
// it was the users that could not be had.
int users_create(struct sandbox *sandbox, const char *hostname, char *const *sysctls, uint32_t count, const char **step);
// Enters a user namespace as its root, who has no rights beyond it.
int users_join(int users);
// Becomes root of the user namespace this process is in.
int users_become_root(void);

// --- journal (supervisor_journal.c)
void journal(enum kd_journal_kind kind, const struct entry *entry);
void journal_commit(void);

// --- children (supervisor_child.c)
struct failure { int32_t type, error; char step[48], path[256]; };
enum { SYNC_FAILED = 1, SYNC_READY = 2, SYNC_TERMINAL = 3, SYNC_MOVED = 4 };  // moved: the entry's process is the one that is sent along, with its number
// Clones the first process of a container, or an exec when there is no sandbox. `into` is the running entry whose processes it
// joins: all that an exec joins first, or NULL. 0 or an errno.
int start_process(struct entry *entry, struct plan *plan, struct sandbox *sandbox, const struct entry *into, const int stdio[3]);
void close_all_except(const int *keep, int count);
_Noreturn void pause_main(void);

// --- start (supervisor_boot.c)
void node_boot(void);
void conceal(void);

// --- replacement (supervisor_state.c)
// Goes on as `program`, which takes over everything with its descriptors. Returns only when that failed: an errno, and
// everything is as it was.
int state_hand_over(int program, const char **step);
// What another program handed over. 0, or an errno: then what was read must not be used.
int state_take(int fd);
enum { STATE_ACCEPTED = 113 };  // exit status of a program that can go on: none that a stranger would end with
