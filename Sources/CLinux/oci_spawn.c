// Namespaces: which ones are joined, which ones are made, and in what order that is possible.
#include "oci_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const struct { uint64_t kind; const char *file; } kinds[] = {
    { CLONE_NEWUSER, "user" }, { CLONE_NEWNET, "net" }, { CLONE_NEWIPC, "ipc" }, { CLONE_NEWUTS, "uts" }, { CLONE_NEWCGROUP, "cgroup" },
    { CLONE_NEWPID, "pid" }, { CLONE_NEWTIME, "time" }, { CLONE_NEWNS, "mnt" },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static pid_t clone_process(uint64_t flags, int cgroup, bool as_sibling) {
    struct clone_args arguments = { .flags = flags | (as_sibling ? CLONE_PARENT : 0), .exit_signal = as_sibling ? 0 : SIGCHLD };
    if (cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup;
    }
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    // An old kernel, or an inner cgroup: the command enters it by hand, whose error names it.
    if (pid < 0 && cgroup >= 0 && errno != EAGAIN && errno != ENOMEM && errno != ENOSPC) return clone_process(flags, -1, as_sibling);
    return pid;
}

static uint64_t new_kinds(const struct oci_plan *plan) {
    uint64_t flags = 0;
    for (size_t i = 0; i < plan->namespace_count; i++)
        if (!plan->namespaces[i].path) flags |= plan->namespaces[i].kind;
    return flags;
}

static struct oci_namespace *joined(const struct oci_plan *plan, uint64_t kind) {
    for (size_t i = 0; i < plan->namespace_count; i++)
        if (plan->namespaces[i].path && plan->namespaces[i].kind == kind) return &plan->namespaces[i];
    return NULL;
}

// Opens what is joined; ENOTTY and EINVAL: the file is no namespace, or of another kind.
static const char *open_namespaces(struct oci_plan *plan) {
    for (size_t i = 0; i < plan->namespace_count; i++) {
        struct oci_namespace *namespace = &plan->namespaces[i];
        if (!namespace->path) continue;
        namespace->fd = open(namespace->path, O_RDONLY | O_CLOEXEC);
        if (namespace->fd < 0) return namespace->path;
        int kind = ioctl(namespace->fd, NS_GET_NSTYPE);
        if (kind < 0 || (uint64_t)kind != namespace->kind) { errno = EINVAL; return namespace->path; }
    }
    return NULL;
}

static int write_offsets(const struct oci_plan *plan) {
    int fd = openat(plan->proc, "self/timens_offsets", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t written = write(fd, plan->time_offsets, strlen(plan->time_offsets));
    int saved = errno;
    close(fd);
    errno = saved;
    return written < 0 ? -1 : 0;
}

static void enter_cgroups(const struct oci_plan *plan) {
    if (!(plan->flags & KD_OCI_ENTERS_CGROUPS)) return;
    // v1: "tasks", and this single thread itself, is the one way that needs no RCU grace period (10 ms on a busy machine).
    for (size_t i = 0; i < plan->hierarchy_count; i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s/tasks", plan->hierarchies[i].value);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        oci_check(fd < 0 ? -1 : (int)write(fd, "0", 1), "enter the cgroup", plan->hierarchies[i].value);
        close(fd);
    }
}

_Noreturn static void container_main(struct oci_plan *plan) {
    uint64_t made = new_kinds(plan);
    // Who is already in the pid namespace may look at this process.
    if (joined(plan, CLONE_NEWPID) && !(plan->flags & KD_OCI_IN_USER_NAMESPACE)) prctl(PR_SET_DUMPABLE, 0);
    enter_cgroups(plan);
    if (plan->flags & KD_OCI_IN_USER_NAMESPACE && (made & CLONE_NEWUSER || joined(plan, CLONE_NEWUSER))) oci_become_root(plan);
    if (made & CLONE_NEWCGROUP) oci_check(unshare(CLONE_NEWCGROUP), "make a cgroup namespace", NULL);
    struct oci_namespace *mounts = joined(plan, CLONE_NEWNS);
    if (mounts) oci_check(setns(mounts->fd, CLONE_NEWNS), "join the mount namespace", mounts->path);
    if (made & CLONE_NEWNET) raise_loopback();
    int root = -1;
    bool builds = made & CLONE_NEWNS || mounts || plan->flags & KD_OCI_MOUNTS_IN_PLACE;
    if (builds) root = oci_build_root(plan);
    else oci_check(root = open(plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC), "open the root", plan->rootfs);
    oci_say(KD_OCI_MOUNTED, 0, NULL, NULL);
    oci_await(KD_OCI_CONTINUE);
    oci_run_hooks(plan, KD_OCI_HOOK_CREATE_CONTAINER);
    oci_write_sysctls(plan);
    if (builds) {
        oci_cover_paths(plan, root);
        oci_enter_root(plan, root);
    } else {
        oci_check(fchdir(root), "enter the root", plan->rootfs);
        oci_check(chroot("."), "enter the root", plan->rootfs);
    }
    close(root);
    if (plan->hostname) oci_check(sethostname(plan->hostname, strlen(plan->hostname)), "set the host name", plan->hostname);
    if (plan->domainname) oci_check(setdomainname(plan->domainname, strlen(plan->domainname)), "set the domain name", plan->domainname);
    oci_finish(plan, true);
}

// Joins a user namespace and what belongs to it, and makes the container from there, as a child of the command.
_Noreturn static void joiner_main(struct oci_plan *plan) {
    oci_await(KD_OCI_CONTINUE);
    enter_cgroups(plan);
    prctl(PR_SET_DUMPABLE, 0);
    struct oci_namespace *user = joined(plan, CLONE_NEWUSER);
    // What belongs to the machine is joined as the machine's root, the rest as the namespace's.
    bool done[KINDS] = { false };
    for (int i = 1; i < KINDS; i++) {
        struct oci_namespace *namespace = joined(plan, kinds[i].kind);
        done[i] = !namespace || kinds[i].kind == CLONE_NEWNS || setns(namespace->fd, (int)namespace->kind) == 0;
    }
    oci_check(setns(user->fd, CLONE_NEWUSER), "join the user namespace", user->path);
    for (int i = 1; i < KINDS; i++)
        if (!done[i]) oci_check(setns(joined(plan, kinds[i].kind)->fd, (int)kinds[i].kind), "join the namespace", joined(plan, kinds[i].kind)->path);
    prctl(PR_SET_DUMPABLE, 1);
    pid_t pid = clone_process(new_kinds(plan) & ~(uint64_t)(CLONE_NEWTIME | CLONE_NEWCGROUP), -1, true);
    if (pid < 0) oci_fail("clone", NULL);
    if (pid == 0) {
        plan->flags &= ~(uint64_t)KD_OCI_ENTERS_CGROUPS;
        oci_await(KD_OCI_CONTINUE);
        container_main(plan);
    }
    oci_say(KD_OCI_IS, pid, NULL, NULL);
    _exit(0);
}

static bool differs(int proc, pid_t pid, const char *file) {
    char path[48];
    struct stat own, its;
    snprintf(path, sizeof path, "%d/ns/%s", pid, file);
    if (fstatat(proc, path, &its, 0) < 0) return false;
    snprintf(path, sizeof path, "self/ns/%s", file);
    return fstatat(proc, path, &own, 0) == 0 && (own.st_ino != its.st_ino || own.st_dev != its.st_dev);
}

// Changes what is mounted in a container, as the root of its user namespace, and ends.
_Noreturn static void mounts_main(struct oci_plan *plan) {
    oci_await(KD_OCI_CONTINUE);
    prctl(PR_SET_DUMPABLE, 0);
    int target = (int)syscall(SYS_pidfd_open, plan->target, 0);
    oci_check(target, "find the container's process", NULL);
    if (!differs(plan->proc, plan->target, "mnt")) oci_refuse("the container has no mount namespace of its own", NULL);
    bool has_users = differs(plan->proc, plan->target, "user");
    oci_check(setns(target, CLONE_NEWNS | (has_users ? CLONE_NEWUSER : 0)), "join the container", NULL);
    close(target);
    if (has_users) oci_become_root(plan);
    if (plan->flags & KD_OCI_ADDS_MOUNTS) oci_add_mounts(plan);
    else oci_remove_mounts(plan);
    oci_say(KD_OCI_READY, 0, NULL, NULL);
    _exit(0);
}

// One more process in a container.
_Noreturn static void exec_main(struct oci_plan *plan) {
    oci_await(KD_OCI_CONTINUE);
    enter_cgroups(plan);
    prctl(PR_SET_DUMPABLE, 0);  // the container may look at this process as soon as it has joined
    char path[32];
    snprintf(path, sizeof path, "%d/root", plan->target);
    int target = (int)syscall(SYS_pidfd_open, plan->target, 0), root = openat(plan->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    oci_check(target, "find the container's process", NULL);
    oci_check(root, "open the container's root", NULL);
    uint64_t flags = 0;
    for (int i = 0; i < KINDS; i++)
        if (differs(plan->proc, plan->target, kinds[i].file)) flags |= kinds[i].kind;
    if (flags && setns(target, (int)flags) < 0) {
        // What the container's user namespace does not own is joined first.
        for (int i = 1; i < KINDS; i++)
            if (flags & kinds[i].kind && setns(target, (int)kinds[i].kind) == 0) flags &= ~kinds[i].kind;
        oci_check(flags ? setns(target, (int)flags) : 0, "join the container", NULL);
    }
    if (!(flags & CLONE_NEWNS)) {
        oci_check(fchdir(root), "enter the container's root", NULL);
        oci_check(chroot("."), "enter the container's root", NULL);
    }
    close(root);
    close(target);
    pid_t pid = flags & CLONE_NEWPID ? clone_process(0, -1, true) : 0;
    if (pid < 0) oci_fail("clone", NULL);
    if (pid > 0) {
        oci_say(KD_OCI_IS, pid, NULL, NULL);
        _exit(0);
    }
    if (flags & CLONE_NEWUSER) oci_become_root(plan);
    oci_finish(plan, false);
}

static pid_t clone_container(struct oci_plan *plan, const char **step, const char **what) {
    int own[KINDS];
    for (int i = 0; i < KINDS; i++) own[i] = -1;
    int error = 0;
    pid_t pid = -1;
    bool new_time = new_kinds(plan) & CLONE_NEWTIME;
    // A process joins for its children and goes back: nothing of the command itself runs in between.
    for (int i = 1; i < KINDS - 1 && !error; i++) {
        struct oci_namespace *namespace = joined(plan, kinds[i].kind);
        if (!namespace && !(new_time && kinds[i].kind == CLONE_NEWTIME)) continue;
        char path[32];
        snprintf(path, sizeof path, "self/ns/%s", kinds[i].file);
        own[i] = openat(plan->proc, path, O_RDONLY | O_CLOEXEC);
        int entered = own[i] < 0 ? -1 : namespace ? setns(namespace->fd, (int)namespace->kind) : unshare(CLONE_NEWTIME);
        if (entered < 0 || (!namespace && plan->time_offsets && write_offsets(plan) < 0)) {
            error = errno;
            *step = namespace ? "join the namespace" : "make a time namespace";
            *what = namespace ? namespace->path : NULL;
        }
    }
    if (!error) {
        pid = clone_process(new_kinds(plan) & ~(uint64_t)(CLONE_NEWTIME | CLONE_NEWCGROUP), plan->cgroup, false);
        if (pid == 0) {
            for (int i = 0; i < KINDS; i++) close_fd(&own[i]);
            oci_await(KD_OCI_CONTINUE);
            container_main(plan);
        }
        if (pid < 0) { error = errno; *step = "make the container's process and namespaces"; }
    }
    for (int i = 0; i < KINDS; i++) {
        if (own[i] >= 0 && setns(own[i], (int)kinds[i].kind) < 0 && !error) { error = errno; *step = "leave the namespace"; }
        close_fd(&own[i]);
    }
    errno = error;
    return error ? -1 : pid;
}

int32_t kd_oci_spawn(const void *bytes, size_t size, char *step, size_t step_size) {
    struct oci_plan plan;
    const char *what = "read the plan", *path = NULL;
    int error = oci_plan_read(bytes, size, &plan);
    pid_t pid = -1;
    if (!error) {
        plan.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        oci_sync = plan.sync;
        path = open_namespaces(&plan);
        what = "open the namespace";
        for (size_t i = 0; !path && i < plan.mount_count && plan.flags & KD_OCI_OPENS_SOURCES; i++) {
            struct oci_mount *mount = &plan.mounts[i];
            if (!(mount->flags & KD_OCI_BIND)) continue;
            mount->tree = oci_open_source(mount);
            what = mount->flags & KD_OCI_ID_MAPPED ? "map the ids of the mount" : "open the source of a mount";
            if (mount->tree < 0) path = mount->source;
        }
        if (path) error = errno;
        if (!error && plan.flags & KD_OCI_SEEDS_DEVICES && (plan.seed = oci_seed_devices(&plan)) < 0 && errno != EPERM) { error = errno; what = "make the devices"; }
    }
    mode_t mask = umask(0);
    if (!error && (plan.target >= 0 || joined(&plan, CLONE_NEWUSER))) {
        what = "clone";
        pid = clone_process(0, plan.cgroup, false);
        if (pid == 0) {
            if (plan.flags & (KD_OCI_ADDS_MOUNTS | KD_OCI_REMOVES_MOUNTS)) mounts_main(&plan);
            if (plan.target >= 0) exec_main(&plan);
            joiner_main(&plan);
        }
        error = pid < 0 ? errno : 0;
    } else if (!error) {
        pid = clone_container(&plan, &what, &path);
        error = pid < 0 ? errno : 0;
    }
    for (size_t i = 0; i < plan.mount_count; i++) close_fd(&plan.mounts[i].tree);
    for (size_t i = 0; i < plan.namespace_count; i++) close_fd(&plan.namespaces[i].fd);
    close_fd(&plan.seed);
    close_fd(&plan.proc);
    umask(mask);
    snprintf(step, step_size, "%s%s%s", what, path ? " " : "", path ? path : "");
    errno = error;
    return error ? -1 : pid;
}
