// From clone to exec: what happens inside a new container or exec, in the order that its safety needs.
#include "supervisor_child.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <limits.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int child_sync = -1;

_Noreturn void child_fail(const char *step, const char *path) {
    struct failure failure = { .type = SYNC_FAILED, .error = errno };
    snprintf(failure.step, sizeof failure.step, "%s", step);
    snprintf(failure.path, sizeof failure.path, "%s", path ? path : "");
    send(child_sync, &failure, sizeof failure, MSG_NOSIGNAL);
    _exit(127);
}

void close_all_except(const int *keep, int count) {
    unsigned from = 0;
    for (;;) {
        unsigned next = ~0U;
        for (int i = 0; i < count; i++)
            if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < next) next = (unsigned)keep[i];
        if (next > from) close_range(from, next == ~0U ? ~0U : next - 1, 0);
        if (next == ~0U) return;
        from = next + 1;
    }
}

_Noreturn void pause_main(void) {
    // Reaps for the pod. Holds nothing, can do nothing, and its root is an empty directory.
    prctl(PR_SET_NAME, "kdash-pause");
    if (fchdir(node.staging) < 0 || chroot(".") < 0) _exit(1);
    close_all_except(NULL, 0);
    setsid();
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int capability = 0; capability <= 63; capability++) prctl(PR_CAPBSET_DROP, capability);
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct nothing[2] = { 0 };
    syscall(SYS_capset, &header, nothing);
    for (;;) {
        siginfo_t info;
        sigwaitinfo(&all, &info);
        while (waitpid(-1, NULL, WNOHANG) > 0) {}
    }
}

// --- the process

static void send_descriptor(int socket, const struct failure *message, int fd) {
    struct iovec data = { (void *)(uintptr_t)message, sizeof *message };
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    struct msghdr packet = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
    check((int)sendmsg(socket, &packet, MSG_NOSIGNAL), "send a descriptor", NULL);
}

// -1 when the other end has gone.
static int receive_descriptor(int socket) {
    struct failure message;
    struct iovec data = { &message, sizeof message };
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
    struct msghdr packet = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
    int fd = -1;
    if (recvmsg(socket, &packet, MSG_CMSG_CLOEXEC) <= 0) return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&packet);
    if (header && header->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

static void open_terminal(const struct plan *plan, bool is_container) {
    // Taken, so that nothing opened below gets a number that is replaced at the end.
    for (int fd = 0; fd < 3; fd++) check(dup2(node.dev_null, fd), "connect", "a terminal");
    int devices = open_in(AT_FDCWD, "/dev/pts", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    check(devices, "open", "/dev/pts");
    struct statfs filesystem;
    check(fstatfs(devices, &filesystem), "examine", "/dev/pts");
    if (filesystem.f_type != 0x1cd1) { errno = EINVAL; fail("examine", "/dev/pts"); }
    int master = openat(devices, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW), unlock = 0;
    check(master, "open", "/dev/pts/ptmx");
    check(ioctl(master, TIOCSPTLCK, &unlock), "unlock", "a terminal");
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    check(slave, "open", "a terminal");
    struct winsize size = { .ws_col = (unsigned short)(plan->terminal >> 16), .ws_row = (unsigned short)plan->terminal };
    if (plan->terminal) ioctl(master, TIOCSWINSZ, &size);
    check(fchown(slave, (uid_t)plan->uid, (gid_t)-1), "own", "a terminal");
    if (is_container) {
        int console = open_in(AT_FDCWD, "/dev/console", O_PATH, RESOLVE_NO_SYMLINKS), tree = clone_tree(slave, "", false);
        if (console >= 0 && tree >= 0) check(attach(tree, console), "mount", "/dev/console");
    }
    check(ioctl(slave, TIOCSCTTY, 0), "control", "a terminal");
    for (int fd = 0; fd < 3; fd++) check(dup2(slave, fd), "connect", "a terminal");
    send_descriptor(child_sync, &(struct failure) { .type = SYNC_TERMINAL }, master);
    close(master);
    close(slave);
}

static void load_filter(const struct plan *plan) {
    if (!plan->filter_size) return;
    struct sock_fprog program = { .len = (unsigned short)plan->filter_size, .filter = (struct sock_filter *)(uintptr_t)plan->filter };
    check((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "load the system call filter", NULL);
}

static void become_user(const struct plan *plan) {
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct now[2], data[2] = { 0 };
    check((int)syscall(SYS_capget, &header, now), "read capabilities", NULL);
    uint64_t held = now[0].permitted | (uint64_t)now[1].permitted << 32;
    // Only what there is to give: a kernel without a capability, or a supervisor without it, is not an error.
    uint64_t wanted = plan->capabilities & held;
    for (int capability = 0; capability < 64; capability++) {
        if (plan->capabilities >> capability & 1 || prctl(PR_CAPBSET_DROP, capability) == 0) continue;
        if (errno != EINVAL) fail("drop a capability", NULL);
        break;  // beyond the last one this kernel has
    }
    check(prctl(PR_SET_KEEPCAPS, 1), "keep capabilities", NULL);
    if (setgroups(plan->group_count, plan->groups) < 0 && !(node.rootless && plan->group_count == 0)) fail("set supplementary groups", NULL);
    check(setresgid((gid_t)plan->gid, (gid_t)plan->gid, (gid_t)plan->gid), "set the group", NULL);
    check(setresuid((uid_t)plan->uid, (uid_t)plan->uid, (uid_t)plan->uid), "set the user", NULL);
    for (int i = 0; i < 2; i++) data[i].permitted = data[i].effective = (uint32_t)(wanted >> (32 * i));
    check((int)syscall(SYS_capset, &header, data), "set capabilities", NULL);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static void set_limits(const struct plan *plan) {
    for (size_t i = 0; i < plan->limit_count; i++) {
        struct rlimit limit = { plan->limits[i].soft, plan->limits[i].hard }, now;
        if (setrlimit((int)plan->limits[i].resource, &limit) == 0) continue;
        // Without CAP_SYS_RESOURCE a hard limit cannot be raised: as much as there is.
        if (errno != EPERM || getrlimit((int)plan->limits[i].resource, &now) < 0) fail("set a resource limit", NULL);
        if (limit.rlim_max > now.rlim_max) limit.rlim_max = now.rlim_max;
        if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
        check(setrlimit((int)plan->limits[i].resource, &limit), "set a resource limit", NULL);
    }
    char score[16];
    snprintf(score, sizeof score, "%d", (int)plan->oom_score);
    // Refused without CAP_SYS_RESOURCE when it falls; the container runs all the same.
    write_in(node.proc, "self/oom_score_adj", score);
}

static const char *variable(const struct plan *plan, const char *name) {
    size_t n = strlen(name);
    const char *value = NULL;
    for (char **v = plan->variables; *v; v++)
        if (strncmp(*v, name, n) == 0 && (*v)[n] == '=') value = *v + n + 1;
    return value;
}

_Noreturn static void execute(const struct plan *plan) {
    const char *program = plan->arguments[0];
    struct failure ready = { .type = SYNC_READY };
    send(child_sync, &ready, sizeof ready, MSG_NOSIGNAL);
    if (strchr(program, '/')) {
        execve(program, plan->arguments, plan->variables);
        fail("execute", program);
    }
    const char *path = variable(plan, "PATH");
    if (!path) path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    int error = ENOENT;
    for (const char *at = path; *program; at++) {
        size_t n = strcspn(at, ":");
        char full[PATH_MAX];
        if (n && (size_t)snprintf(full, sizeof full, "%.*s/%s", (int)n, at, program) < sizeof full) {
            execve(full, plan->arguments, plan->variables);
            if (errno != ENOENT && errno != ENOTDIR) error = errno;
        }
        at += n;
        if (!*at) break;
    }
    errno = error;
    fail("execute", program);
}

// The container's /dev/null: what a program does to its own streams, no other must feel. -1 when it is something else by now.
static int own_null(void) {
    int place = open_in(AT_FDCWD, "/dev/null", O_PATH, RESOLVE_NO_SYMLINKS), null = -1;
    struct stat info;
    if (place < 0) return -1;
    if (fstat(place, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3)) {
        char path[32];
        snprintf(path, sizeof path, "self/fd/%d", place);
        int opened = openat(node.proc, path, O_RDWR | O_CLOEXEC);
        null = opened < 0 ? -1 : fcntl(opened, F_DUPFD_CLOEXEC, 16);  // away from the numbers that are replaced
        close_fd(&opened);
    }
    close(place);
    return null;
}

// A program may reopen /dev/stdout as its own user. Only pipes are made for it; what else there is belongs to somebody.
static void own_streams(const struct plan *plan, const int stdio[3], uint32_t first_user) {
    for (int fd = 0; fd < 3; fd++) {
        struct stat info;
        if (stdio[fd] == node.dev_null || fstat(stdio[fd], &info) < 0 || !S_ISFIFO(info.st_mode)) continue;
        if (fchown(stdio[fd], first_user + (uid_t)plan->uid, first_user + (gid_t)plan->gid) < 0 && errno != EPERM && errno != EINVAL) fail("own the output", NULL);
    }
}

static void connect_streams(const struct plan *plan, const int stdio[3]) {
    int null = own_null();
    own_streams(plan, stdio, 0);
    for (int fd = 0; fd < 3; fd++) {
        bool is_null = stdio[fd] == node.dev_null;
        check(dup2(is_null && null >= 0 ? null : stdio[fd], fd), "connect the output", NULL);
    }
}

// What confines the program from its exec on.
static void confine(const struct plan *plan) {
    char label[512];
    if (!plan->profile) return;
    if ((size_t)snprintf(label, sizeof label, "exec %s", plan->profile) >= sizeof label) { errno = ENAMETOOLONG; fail("confine by the AppArmor profile", plan->profile); }
    check(write_label(node.proc, "apparmor/exec", label), "confine by the AppArmor profile", plan->profile);
}

_Noreturn static void finish(const struct plan *plan, const int stdio[3], bool is_container) {
    check(setsid(), "start a session", NULL);
    if (plan->flags & KD_HAS_TERMINAL) open_terminal(plan, is_container);
    else connect_streams(plan, stdio);
    set_limits(plan);
    confine(plan);
    syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL, 0, 0, 0);
    umask(0022);
    int keep[] = { 0, 1, 2, child_sync };
    close_all_except(keep, 4);
    int moved = chdir(plan->directory);
    if (plan->flags & KD_NO_NEW_PRIVILEGES) check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "forbid new privileges", NULL);
    else load_filter(plan);  // needs CAP_SYS_ADMIN, so before capabilities go
    become_user(plan);
    if (moved < 0) check(chdir(plan->directory), "enter the working directory", plan->directory);
    char here[PATH_MAX];
    long length = syscall(SYS_getcwd, here, sizeof here);
    // A directory outside of the root shows itself as "(unreachable)".
    if (length < 0 || here[0] != '/') { errno = EINVAL; fail("enter the working directory", plan->directory); }
    if (plan->flags & KD_NO_NEW_PRIVILEGES) load_filter(plan);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execute(plan);
}

static void join_cgroups(const struct plan *plan, bool cloned_into) {
    char path[512];
    // v1: "tasks", and this single thread itself, is the one way that needs no RCU grace period (10 ms on a busy machine).
    snprintf(path, sizeof path, node.cgroup2 ? "%s/cgroup.procs" : "%s/tasks", plan->cgroup);
    for (int i = 0; i < node.hierarchy_count && !cloned_into; i++)
        check(write_in(node.hierarchies[i].fd, path, "0"), "enter the cgroup", plan->cgroup);
}

static pid_t clone_process(uint64_t flags, int cgroup, int *pidfd) {
    struct clone_args arguments = { .flags = flags, .exit_signal = SIGCHLD };
    if (pidfd) {
        arguments.flags |= CLONE_PIDFD;
        arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
    }
    if (cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup;
    }
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

// --- a container with users of its own
//
// Its root is built by the node's root, who may open everything and make devices, in a mount namespace of the node's; the container then
// gets a copy that its own users own, in which nothing that was mounted for it can be taken away.

// In the users' namespace, with the root in place.
_Noreturn static void finish_mapped(const struct plan *plan, const int stdio[3]) {
    check(unshare(CLONE_NEWNS | (node.hierarchy_count ? CLONE_NEWCGROUP : 0)), "make namespaces", NULL);
    int dev = open_in(AT_FDCWD, "/dev", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    check(dev, "open", "/dev");
    check(mount_terminals(dev, true), "mount", "/dev/pts");
    close(dev);
    finish(plan, stdio, true);
}

// The first process of a process namespace waits here until its root has been built.
_Noreturn static void first_main(const struct plan *plan, const int gate[2], const int stdio[3]) {
    close(gate[1]);
    int root = receive_descriptor(gate[0]);
    if (root < 0) _exit(127);  // who builds it has said why it could not
    check(fchdir(root), "enter the root", NULL);
    check(chroot("."), "enter the root", NULL);
    finish_mapped(plan, stdio);
}

struct first { pid_t pid; int pidfd; };

// Clones the first process of a process namespace that the sandbox's users own, which takes a process of those users. That one shares
// this process's descriptors, so that the pidfd is here afterwards, and ends; the first process is the supervisor's child then.
static struct first clone_first(const struct plan *plan, const struct sandbox *sandbox, const int gate[2], const int stdio[3]) {
    struct first *first = mmap(NULL, sizeof *first, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (first == MAP_FAILED) fail("allocate", NULL);
    pid_t helper = clone_process(CLONE_FILES, -1, NULL);
    if (helper == 0) {
        check(users_join(sandbox->users), "become the user namespace's root", NULL);
        int pidfd;
        pid_t pid = clone_process(CLONE_NEWPID, -1, &pidfd);
        if (pid == 0) first_main(plan, gate, stdio);
        check(pid, "clone", NULL);
        *first = (struct first) { pid, pidfd };
        _exit(0);
    }
    int status;
    check(helper, "clone", NULL);
    if (waitpid(helper, &status, 0) != helper || status != 0) _exit(127);
    return *first;
}

_Noreturn static void mapped_main(const struct plan *plan, const struct sandbox *sandbox, const int stdio[3]) {
    if (sandbox->pid >= 0 || plan->processes) {
        build_root(plan, sandbox);
        check(users_join(sandbox->users), "become the user namespace's root", NULL);
        finish_mapped(plan, stdio);
    }
    int gate[2];
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate), "make a socket", NULL);
    struct first first = clone_first(plan, sandbox, gate, stdio);
    // Before it can run, and so before its end can be heard of.
    send_descriptor(child_sync, &(struct failure) { .type = SYNC_MOVED, .error = first.pid }, first.pidfd);
    close(gate[0]);
    // The container's proc file system shows the namespace of whom mounts it.
    check(setns(first.pidfd, CLONE_NEWPID), "join the processes", NULL);
    pid_t builder = clone_process(0, -1, NULL);
    check(builder, "clone", NULL);
    if (builder == 0) {
        build_root(plan, sandbox);
        int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        check(root, "open the root", NULL);
        send_descriptor(gate[1], &(struct failure) { 0 }, root);
    }
    // Both hold the socket whose end tells of the program's exec, but no program's end comes before that: the kernel keeps the first
    // process of a namespace until the builder in it has been reaped, which happens once this process has gone.
    _exit(0);
}

_Noreturn static void container_main(const struct plan *plan, const struct sandbox *sandbox, bool cloned_into, const int stdio[3]) {
    join_cgroups(plan, cloned_into);
    if (sandbox->network >= 0) check(setns(sandbox->network, CLONE_NEWNET), "join the network", NULL);
    if (sandbox->uts >= 0) check(setns(sandbox->uts, CLONE_NEWUTS), "join the host name", NULL);
    if (sandbox->ipc >= 0) check(setns(sandbox->ipc, CLONE_NEWIPC), "join the IPC", NULL);
    if (node.hierarchy_count) check(unshare(CLONE_NEWCGROUP), "make a cgroup namespace", NULL);
    // Preparing may take long where a volume does not answer: no other container's pipe may stay open for that.
    int keep[] = { 0, 1, 2, child_sync, stdio[0], stdio[1], stdio[2], node.proc, node.dev_null, sandbox->users };
    close_all_except(keep, 10);
    if (sandbox->users >= 0) {
        // What only the node's root may.
        own_streams(plan, stdio, sandbox->first_user);
        set_limits(plan);
        mapped_main(plan, sandbox, stdio);
    }
    build_root(plan, NULL);
    finish(plan, stdio, true);
}

_Noreturn static void exec_main(const struct plan *plan, const struct entry *container, bool cloned_into, const int stdio[3]) {
    int target = container->pidfd;
    const struct sandbox *sandbox = sandbox_find(container->sandbox);
    bool mapped = sandbox && sandbox->users >= 0;
    join_cgroups(plan, cloned_into);
    if (mapped) {
        own_streams(plan, stdio, sandbox->first_user);
        set_limits(plan);
    }
    int keep[] = { child_sync, stdio[0], stdio[1], stdio[2], target, node.proc, node.dev_null };
    close_all_except(keep, 7);  // the container may look at this process as soon as it has joined
    int spaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | (node.hierarchy_count ? CLONE_NEWCGROUP : 0) | (mapped ? CLONE_NEWUSER : 0);
    check(setns(target, spaces), "join the container", NULL);
    if (mapped) check(users_become_root(), "become the user namespace's root", NULL);
    finish(plan, stdio, false);
}

int start_process(struct entry *entry, struct plan *plan, struct sandbox *sandbox, const struct entry *into, const int stdio[3]) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return errno;
    // The pid namespace of children only; a process never changes its own.
    int join = into ? into->pidfd : sandbox->pid;
    int error = join >= 0 && setns(join, CLONE_NEWPID) < 0 ? errno : 0;
    bool own_processes = sandbox && join < 0 && sandbox->users < 0 && !(sandbox->flags & KD_SANDBOX_HOST_PID);
    uint64_t flags = !sandbox ? 0 : CLONE_NEWNS | (own_processes ? CLONE_NEWPID : 0);
    int cgroup = node.cgroup2 ? entry->cgroup_fd : -1;
    pid_t pid = -1;
    if (!error) {
        pid = clone_process(flags, cgroup, &entry->pidfd);
        if (pid < 0 && cgroup >= 0 && errno != ENOMEM && errno != EAGAIN) {
            cgroup = -1;  // an old kernel or an inner cgroup: entered by hand, whose error names it
            pid = clone_process(flags, -1, &entry->pidfd);
        }
        if (pid == 0) {
            // A child that its container's limits hold up must not keep open what ends with the supervisor.
            for (int i = 0; i < MAXIMUM_CLIENTS; i++) close_fd(&node.clients[i]);
            close_fd(&node.listener);
            child_sync = pair[1];
            if (!sandbox) exec_main(plan, into, cgroup >= 0, stdio);
            container_main(plan, sandbox, cgroup >= 0, stdio);
        }
        if (pid < 0) error = errno;
    }
    if (join >= 0)
        for (int i = 0; setns(node.pid_namespace, CLONE_NEWPID) < 0; i++)
            if (i == 1000) abort();
    close(pair[1]);
    if (error) {
        close(pair[0]);
        return error;
    }
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    entry->pid = pid;
    entry->sync = pair[0];
    return 0;
}
