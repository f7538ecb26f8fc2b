#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <link.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

// MARK: files

int kd_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };
    for (int attempt = 0;; attempt++) {
        long fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
        // EAGAIN: a rename raced with the resolution; the kernel asks for another try.
        if (fd >= 0 || (errno != EINTR && errno != EAGAIN) || attempt >= 128) return (int)fd;
    }
}

int kd_renameat2(int from, const char *source, int to, const char *target, unsigned flags) {
    return renameat2(from, source, to, target, flags);
}

int kd_mknodat(int directory, const char *name, unsigned mode, unsigned major, unsigned minor) {
    return mknodat(directory, name, mode, makedev(major, minor));
}

long kd_getdents64(int fd, void *buffer, size_t size) { return syscall(SYS_getdents64, fd, buffer, size); }
int kd_flock(int fd, int operation) { return flock(fd, operation); }
int kd_syncfs(int fd) { return syncfs(fd); }

int kd_fsetxattr(int fd, const char *name, const void *value, size_t size) {
    return fsetxattr(fd, name, value, size, 0);
}

int kd_lsetxattr(const char *path, const char *name, const void *value, size_t size) {
    return lsetxattr(path, name, value, size, 0);
}

long kd_lgetxattr(const char *path, const char *name, void *value, size_t size) {
    return lgetxattr(path, name, value, size);
}

int kd_statfs(const char *path, uint64_t *type, uint64_t *total, uint64_t *available, uint64_t *files_available) {
    struct statfs info;
    if (statfs(path, &info) < 0) return -1;
    *type = (uint64_t)info.f_type;
    *total = (uint64_t)info.f_blocks * (uint64_t)info.f_bsize;
    *available = (uint64_t)info.f_bavail * (uint64_t)info.f_bsize;
    *files_available = info.f_ffree;
    return 0;
}

int kd_chown_at(int directory, const char *name, uint32_t uid, uint32_t gid) {
    return fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW | (name[0] ? 0 : AT_EMPTY_PATH));
}

int kd_utimens_at(int directory, const char *name, int64_t seconds, int64_t nanoseconds, int follow) {
    struct timespec times[2] = { { seconds, nanoseconds }, { seconds, nanoseconds } };
    if (!name[0]) return futimens(directory, times);
    return utimensat(directory, name, times, follow ? 0 : AT_SYMLINK_NOFOLLOW);
}

int kd_link_fd(int fd, int directory, const char *name) { return linkat(fd, "", directory, name, AT_EMPTY_PATH); }
int kd_memfd_create(const char *name, unsigned flags) { return memfd_create(name, flags); }

int kd_memfd_seal(int fd) {
    return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

long kd_copy_file_range(int from, int to, size_t size) { return copy_file_range(from, NULL, to, NULL, size, 0); }

int kd_close_range(unsigned first, unsigned last, unsigned flags) {
    return (int)syscall(SYS_close_range, first, last, flags);
}

// MARK: processes and namespaces

int kd_pidfd_open(int32_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int kd_pidfd_send_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }
int kd_unshare(int flags) { return unshare(flags); }
int kd_setns(int fd, int type) { return setns(fd, type); }

int kd_make_files_as(uint32_t id) {
    setfsgid((gid_t)id);
    setfsuid((uid_t)id);
    if ((uint32_t)setfsuid((uid_t)-1) != id || (uint32_t)setfsgid((gid_t)-1) != id) { errno = EPERM; return -1; }
    // Leaving user 0 took the rights over files away.
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    for (int i = 0; i < 2; i++) data[i].effective = data[i].permitted;
    return (int)syscall(SYS_capset, &header, data);
}

int kd_mount_copy(int directory, int is_read_only) {
    int copy = open_tree(directory, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (copy < 0) return -1;
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (is_read_only ? MOUNT_ATTR_RDONLY : 0), .propagation = MS_PRIVATE,
    };
    if (mount_setattr(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) == 0) return copy;
    int saved = errno;
    close(copy);
    errno = saved;
    return -1;
}

int kd_mount_map(int mount, int below, int users) {
    struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)users };
    return mount_setattr(mount, "", AT_EMPTY_PATH | (below ? AT_RECURSIVE : 0), &attributes, sizeof attributes);
}

static int write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    int failed = write(fd, text, strlen(text)) < 0 ? -1 : 0, saved = errno;
    close(fd);
    errno = saved;
    return failed;
}

static int write_id_map(pid_t pid, const char *name, const char *lines) {
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return write_text(path, lines);
}

int kd_user_namespace(const char *users, const char *groups) {
    struct clone_args arguments = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0) return -1;
    if (pid == 0) {
        // It is there to be looked at, as long as the thread that made it.
        syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        for (;;) syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
    }
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
    bool mapped = write_id_map(pid, "gid_map", groups) == 0 && write_id_map(pid, "uid_map", users) == 0;
    int namespace = mapped ? open(path, O_RDONLY | O_CLOEXEC) : -1, saved = errno;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    errno = saved;
    return namespace;
}

int kd_mount_attach(int mount, int target) {
    return move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

struct namespace_call {
    int namespace_fd;  // -1: a new one
    int (*body)(void *);
    void *context;
    int result;
    int error;
};

static void *namespace_thread(void *argument) {
    struct namespace_call *call = argument;
    int entered = call->namespace_fd < 0 ? unshare(CLONE_NEWNET) : setns(call->namespace_fd, CLONE_NEWNET);
    call->result = entered < 0 ? -1 : call->body(call->context);
    call->error = errno;
    return NULL;
}

static int call_on_thread(struct namespace_call *call) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, namespace_thread, call);
    if (error) {
        errno = error;
        return -1;
    }
    pthread_join(thread, NULL);
    errno = call->error;
    return call->result;
}

int kd_in_network_namespace(int namespace_fd, int (*body)(void *), void *context) {
    struct namespace_call call = { .namespace_fd = namespace_fd, .body = body, .context = context };
    return call_on_thread(&call);
}

static int open_own_namespace(void *context) {
    (void)context;
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

int kd_network_namespace_create(void) {
    struct namespace_call call = { .namespace_fd = -1, .body = open_own_namespace };
    return call_on_thread(&call);
}

static int open_socket(void *context) {
    const int *arguments = context;
    return socket(arguments[0], arguments[1] | SOCK_CLOEXEC, arguments[2]);
}

int kd_user_namespace_of(int namespace_fd) { return ioctl(namespace_fd, NS_GET_USERNS); }

struct owner_call {
    int users, network;
    int (*body)(void *);
    void *context;
    int result, error;
};

// In a process of its own, as a thread may not leave its user namespace; it has this one's memory and descriptors, so that no page is copied
// and what it opened is there when it has ended.
static int run_as_owner(void *argument) {
    struct owner_call *call = argument;
    bool entered = setns(call->users, CLONE_NEWUSER) == 0 && setns(call->network, CLONE_NEWNET) == 0;
    call->result = entered ? call->body(call->context) : -1;
    call->error = errno;
    return 0;
}

static int as_owner(int namespace_fd, int (*body)(void *), void *context) {
    enum { STACK = 64 << 10 };
    struct owner_call call = {
        .users = kd_user_namespace_of(namespace_fd), .network = namespace_fd, .body = body, .context = context, .result = -1,
    };
    if (call.users < 0) return -1;
    char *stack = malloc(STACK);
    // Signals are for the process whose memory this is.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = stack ? clone(run_as_owner, stack + STACK, CLONE_VM | CLONE_VFORK | CLONE_FILES, &call) : -1;
    int error = pid < 0 ? errno : 0;
    if (pid > 0) while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {}
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    free(stack);
    close(call.users);
    errno = error ? error : call.error;
    return call.result;
}

// Enters the network as this process may, else as the owner of its user namespace.
static int in_network_or_as_owner(int namespace_fd, int (*body)(void *), void *context) {
    int result = kd_in_network_namespace(namespace_fd, body, context);
    return result < 0 && errno == EPERM ? as_owner(namespace_fd, body, context) : result;
}

int kd_socket_in_namespace(int namespace_fd, int domain, int type, int protocol) {
    int arguments[3] = { domain, type, protocol };
    return in_network_or_as_owner(namespace_fd, open_socket, arguments);
}

struct setting { const char *path, *value; };

static int write_setting(void *context) {
    const struct setting *setting = context;
    return write_text(setting->path, setting->value);
}

int kd_set_in_namespace(int namespace_fd, const char *path, const char *value) {
    struct setting setting = { path, value };
    return in_network_or_as_owner(namespace_fd, write_setting, &setting);
}

// MARK: events

int kd_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static sigset_t signal_set(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    return set;
}

int kd_signalfd(const int *signals, int count) {
    sigset_t set = signal_set(signals, count);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int kd_signalfd_read(int fd, uint32_t *sender) {
    struct signalfd_siginfo info;
    ssize_t got = read(fd, &info, sizeof info);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    if (sender) *sender = info.ssi_pid;
    return (int)info.ssi_signo;
}

int kd_block_signals(const int *signals, int count) {
    sigset_t set = signal_set(signals, count);
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    errno = error;
    return error ? -1 : 0;
}

int kd_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int epoll, int operation, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = { .events = events, .data.u64 = data };
    return epoll_ctl(epoll, operation, fd, &event);
}

int kd_epoll_add(int epoll, int fd, uint32_t events, uint64_t data) {
    return control(epoll, EPOLL_CTL_ADD, fd, events, data);
}

int kd_epoll_modify(int epoll, int fd, uint32_t events, uint64_t data) {
    return control(epoll, EPOLL_CTL_MOD, fd, events, data);
}

int kd_epoll_remove(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

int kd_epoll_wait(int epoll, uint64_t *data, uint32_t *events, int capacity, int timeout_ms) {
    struct epoll_event ready[64];
    int count = epoll_wait(epoll, ready, capacity < 64 ? capacity : 64, timeout_ms);
    for (int i = 0; i < count; i++) {
        data[i] = ready[i].data.u64;
        events[i] = ready[i].events;
    }
    return count;
}

// MARK: sockets

int kd_unix_socket(int type) { return socket(AF_UNIX, type | SOCK_CLOEXEC, 0); }

static int unix_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return 0;
}

int kd_unix_bind(int fd, const char *path) {
    struct sockaddr_un address;
    if (unix_address(path, &address) < 0) return -1;
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

int kd_unix_connect(int fd, const char *path) {
    struct sockaddr_un address;
    if (unix_address(path, &address) < 0) return -1;
    return connect(fd, (struct sockaddr *)&address, sizeof address);
}

int kd_unix_pair(int type, int fds[2]) { return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds); }

int kd_unix_peer(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -1;
    *pid = peer.pid;
    *uid = peer.uid;
    *gid = peer.gid;
    return 0;
}

int kd_accept(int fd) { return accept4(fd, NULL, NULL, SOCK_CLOEXEC); }

enum { MAXIMUM_FDS = 64 };

long kd_send_fds(int fd, const void *bytes, size_t size, const int *fds, int count) {
    if (count < 0 || count > MAXIMUM_FDS) {
        errno = EINVAL;
        return -1;
    }
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * MAXIMUM_FDS)];
    } control = { 0 };
    struct iovec data = { (void *)bytes, size };
    struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
    if (count > 0) {
        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * (size_t)count);
    }
    ssize_t sent;
    do sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

long kd_recv_fds(int fd, void *bytes, size_t size, int *fds, int *count) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * MAXIMUM_FDS)];
    } control;
    struct iovec data = { bytes, size };
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space,
    };
    int capacity = *count, arrived = 0, cut = 0;
    *count = 0;
    ssize_t got;
    do got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int passed;
            memcpy(&passed, CMSG_DATA(header) + i * sizeof(int), sizeof passed);
            if (arrived < capacity) fds[arrived++] = passed;
            else { close(passed); cut = 1; }
        }
    }
    if (cut || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
        for (int i = 0; i < arrived; i++) close(fds[i]);
        errno = EMSGSIZE;
        return -1;
    }
    *count = arrived;
    return got;
}

int kd_netlink_prepare(int fd) {
    int on = 1, size = 1 << 20;
    // Extended acknowledgements carry the kernel's own words; an old kernel without them still works.
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    // A transaction of nf_tables is one message; only who may exceed the limit needs large ones.
    int large = 32 << 20;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof large);
    // The kernel answers inside send(2); a reply that never comes must not hang its caller.
    struct timeval patience = { .tv_sec = 5 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return 0;
}

int kd_netlink_socket(int protocol) {
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
}

// MARK: facts

long kd_getrandom(void *buffer, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t got = getrandom((char *)buffer + done, size - done, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

const char *kd_errno_name(int error) {
    const char *name = strerrorname_np(error);
    return name ? name : "E?";
}

const char *kd_errno_text(int error) {
    const char *text = strerrordesc_np(error);
    return text ? text : "unknown error";
}

int kd_cpu_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0) return (int)sysconf(_SC_NPROCESSORS_ONLN);
    return CPU_COUNT(&set);
}

void kd_bound_free_memory(void) {
    int processors = kd_cpu_count();
    mallopt(M_ARENA_MAX, processors > 4 ? processors : 4);
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 2 << 20);
}

#ifndef DEBUG
// Code and constants are the file's: what is run again is mapped again from the page cache, sixteen pages at a time. Not in a build for debugging, whose
// breakpoints are changed pages.
static int drop_file_pages(struct dl_phdr_info *program, size_t size, void *context) {
    (void)size, (void)context;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &program->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || part->p_flags & PF_W) continue;
        uintptr_t start = (program->dlpi_addr + part->p_vaddr) & ~(page - 1);
        uintptr_t end = (program->dlpi_addr + part->p_vaddr + part->p_memsz + page - 1) & ~(page - 1);
        madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 1;  // The first is the program itself.
}
#endif

void kd_give_back_memory(void) {
    malloc_trim(0);
#ifndef DEBUG
    dl_iterate_phdr(drop_file_pages, NULL);
#endif
}

int kd_raise_open_files(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return -1;
    files.rlim_cur = files.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &files);
}

uint64_t kd_open_files(void) {
    struct rlimit files;
    return getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : 0;
}

uint64_t kd_total_memory(void) {
    struct sysinfo info;
    return sysinfo(&info) < 0 ? 0 : (uint64_t)info.totalram * info.mem_unit;
}

int kd_uname(char *release, char *machine, char *node, size_t capacity) {
    struct utsname name;
    if (uname(&name) < 0) return -1;
    snprintf(release, capacity, "%s", name.release);
    snprintf(machine, capacity, "%s", name.machine);
    snprintf(node, capacity, "%s", name.nodename);
    return 0;
}

void kd_name_thread(const char *name) {
    char short_name[16];
    snprintf(short_name, sizeof short_name, "%s", name);
    pthread_setname_np(pthread_self(), short_name);
}

int kd_spawn_close_from(void *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

uint32_t kd_effective_user(void) { return geteuid(); }
