// Thin wrappers of system calls that Swift's Glibc module hides (variadic, GNU-only, or newer than glibc).
// Only <stddef.h> and <stdint.h> here: other headers would make Glibc's types appear as this module's.
// Every function returns -1 and sets errno on failure unless it says otherwise. No policy lives here.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
    KD_CLONE_NEWNS = 0x00020000, KD_CLONE_NEWCGROUP = 0x02000000, KD_CLONE_NEWUTS = 0x04000000,
    KD_CLONE_NEWIPC = 0x08000000, KD_CLONE_NEWUSER = 0x10000000, KD_CLONE_NEWPID = 0x20000000,
    KD_CLONE_NEWNET = 0x40000000,
};
enum {
    KD_RESOLVE_NO_XDEV = 0x01, KD_RESOLVE_NO_MAGICLINKS = 0x02, KD_RESOLVE_NO_SYMLINKS = 0x04,
    KD_RESOLVE_BENEATH = 0x08, KD_RESOLVE_IN_ROOT = 0x10,
};
enum { KD_O_PATH = 010000000, KD_O_TMPFILE = 020200000, KD_AT_EMPTY_PATH = 0x1000 };
enum { KD_EPOLLIN = 1, KD_EPOLLOUT = 4, KD_EPOLLERR = 8, KD_EPOLLHUP = 16, KD_EPOLLET = (int)(1u << 31) };

// Files.
int kd_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int kd_renameat2(int from, const char *source, int to, const char *target, unsigned flags);
int kd_mknodat(int directory, const char *name, unsigned mode, unsigned major, unsigned minor);
long kd_getdents64(int fd, void *buffer, size_t size);
int kd_flock(int fd, int operation);
int kd_syncfs(int fd);
int kd_fsetxattr(int fd, const char *name, const void *value, size_t size);
int kd_lsetxattr(const char *path, const char *name, const void *value, size_t size);
long kd_lgetxattr(const char *path, const char *name, void *value, size_t size);
int kd_statfs(const char *path, uint64_t *type, uint64_t *total, uint64_t *available, uint64_t *files_available);
int kd_chown_at(int directory, const char *name, uint32_t uid, uint32_t gid);
int kd_utimens_at(int directory, const char *name, int64_t seconds, int64_t nanoseconds, int follow);
int kd_link_fd(int fd, int directory, const char *name);
int kd_memfd_create(const char *name, unsigned flags);
// Seals against every further change: SEAL, SHRINK, GROW, WRITE.
int kd_memfd_seal(int fd);
long kd_copy_file_range(int from, int to, size_t size);
int kd_close_range(unsigned first, unsigned last, unsigned flags);

// Mounts. A copy of the mounts at and below an open directory, attached nowhere: nosuid, nodev, read-only when asked, and joined with nothing,
// so that what is mounted or unmounted in the copy never comes back.
int kd_mount_copy(int directory, int is_read_only);
int kd_mount_attach(int mount, int target);
// A user namespace with these maps, lines of "inside outside count". /proc must be that of this process's own pid namespace.
int kd_user_namespace(const char *users, const char *groups);
// Shows a detached mount as the users of a namespace see it: what belongs to 0 on the disk belongs to the first of them. With `below` also what is
// mounted below it, all or nothing.
int kd_mount_map(int mount, int below, int users);

// Processes and namespaces.
int kd_pidfd_open(int32_t pid);
int kd_pidfd_send_signal(int pidfd, int signal);
int kd_unshare(int flags);
int kd_setns(int fd, int type);
// From now on files that this thread makes belong to user and group `id`; it keeps all rights that it has.
int kd_make_files_as(uint32_t id);
// Runs `body` on a new thread that has entered the network namespace first; returns body's result or -1.
int kd_in_network_namespace(int namespace_fd, int (*body)(void *), void *context);
// A new network namespace, referenced by the returned fd only.
int kd_network_namespace_create(void);
// A descriptor of the user namespace that a namespace belongs to; CLOEXEC.
int kd_user_namespace_of(int namespace_fd);
// socket(2) made inside the network namespace of `namespace_fd`, which is entered through its user namespace where that is the caller's own
// making; CLOEXEC.
int kd_socket_in_namespace(int namespace_fd, int domain, int type, int protocol);
// Writes to a file of /proc/sys/net, which is that of the network namespace of `namespace_fd`, entered as above.
int kd_set_in_namespace(int namespace_fd, const char *path, const char *value);

// Events.
int kd_eventfd(void);
int kd_signalfd(const int *signals, int count);
// Number of the next pending signal of a signalfd, 0 when none is pending.
int kd_signalfd_read(int fd, uint32_t *sender);
int kd_epoll_create(void);
int kd_epoll_add(int epoll, int fd, uint32_t events, uint64_t data);
int kd_epoll_modify(int epoll, int fd, uint32_t events, uint64_t data);
int kd_epoll_remove(int epoll, int fd);
// Fills `data` and `events` pairs; returns how many.
int kd_epoll_wait(int epoll, uint64_t *data, uint32_t *events, int capacity, int timeout_ms);
int kd_block_signals(const int *signals, int count);

// Sockets.
int kd_unix_socket(int type);
int kd_unix_bind(int fd, const char *path);
int kd_unix_connect(int fd, const char *path);
int kd_unix_pair(int type, int fds[2]);
int kd_unix_peer(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid);
int kd_accept(int fd);
long kd_send_fds(int fd, const void *bytes, size_t size, const int *fds, int count);
// Receives one message; `*count` is the capacity of `fds` on entry and how many arrived on return (all CLOEXEC).
// EMSGSIZE when bytes or descriptors were cut off.
long kd_recv_fds(int fd, void *bytes, size_t size, int *fds, int *count);
int kd_netlink_socket(int protocol);
int kd_netlink_prepare(int fd);

// Facts.
long kd_getrandom(void *buffer, size_t size);
const char *kd_errno_name(int error);
const char *kd_errno_text(int error);
int kd_cpu_count(void);
uint32_t kd_effective_user(void);
uint64_t kd_total_memory(void);
// Lets malloc have an arena for each processor instead of eight, and each keep at most 2 MB free at its end, which malloc_trim(0) leaves alone. Unless
// it is said, one freed buffer of 32 MB raises that to 64 MB for good.
void kd_bound_free_memory(void);
// malloc_trim(0): gives pages that are free between others back to the system. Also unmaps what is mapped of the program's own file.
void kd_give_back_memory(void);
// Raises the soft limit of open files to the hard one.
int kd_raise_open_files(void);
// The soft limit of open files; 0 when it cannot be read.
uint64_t kd_open_files(void);
int kd_uname(char *release, char *machine, char *node, size_t capacity);

// Names the calling thread; 15 bytes are kept.
void kd_name_thread(const char *name);
// posix_spawn_file_actions_addclosefrom_np; `actions` is a posix_spawn_file_actions_t *.
int kd_spawn_close_from(void *actions, int first);
