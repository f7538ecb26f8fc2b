// The container's root: everything is opened by descriptor inside the root before it is mounted on, so that no link of the image leads out.
#include "oci_internal.h"
#include "include/syscalls.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
enum { PROC_MAGIC = 0x9fa0 };

static int map_tree_ids(int tree, const struct oci_mount *mount) {
    int users = kd_user_namespace(mount->uid_map, mount->gid_map);
    int result = users < 0 ? -1 : kd_mount_map(tree, mount->flags & KD_OCI_ID_MAPPED_BELOW, users), saved = errno;
    close_fd(&users);
    errno = saved;
    return result;
}

int oci_open_source(struct oci_mount *mount) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (mount->flags & KD_OCI_BIND_BELOW ? AT_RECURSIVE : 0)
        | (mount->flags & KD_OCI_NO_FOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
    int tree = open_tree(AT_FDCWD, mount->source, flags);
    if (tree < 0) return -1;
    if (mount->flags & KD_OCI_ID_MAPPED && map_tree_ids(tree, mount) < 0) {
        int saved = errno;
        close(tree);
        errno = saved;
        return -1;
    }
    return tree;
}

static void change_attributes(int tree, bool below, uint64_t set, uint64_t clear, uint64_t propagation, const char *path) {
    if (!set && !clear && !propagation) return;
    // The ways to note access times are one field: setting one clears the others.
    if ((set | clear) & MOUNT_ATTR__ATIME) clear |= MOUNT_ATTR__ATIME;
    struct mount_attr attributes = { .attr_set = set, .attr_clr = clear, .propagation = propagation };
    if (mount_setattr(tree, "", AT_EMPTY_PATH | (below ? AT_RECURSIVE : 0), &attributes, sizeof attributes) == 0) return;
    // In a user namespace what the machine has set cannot be cleared, and stays.
    attributes.attr_clr = set & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0;
    if (errno != EPERM || !clear) oci_fail("set the options of the mount", path);
    oci_check(mount_setattr(tree, "", AT_EMPTY_PATH | (below ? AT_RECURSIVE : 0), &attributes, sizeof attributes), "set the options of the mount", path);
}

static bool has_device(const char *type) {
    static const char *const virtual[] = {
        "proc", "sysfs", "tmpfs", "ramfs", "devpts", "mqueue", "cgroup", "cgroup2", "overlay", "securityfs", "debugfs", "tracefs", "bpf",
    };
    for (size_t i = 0; i < sizeof virtual / sizeof *virtual; i++)
        if (strcmp(type, virtual[i]) == 0) return false;
    return true;
}

static int make_mount(const struct oci_plan *plan, const struct oci_mount *mount) {
    int context = fsopen(mount->type, FSOPEN_CLOEXEC), tree = -1, failed = 0;
    if (context < 0) return -1;
    if (mount->source && *mount->source) failed = fsconfig(context, FSCONFIG_SET_STRING, "source", mount->source, 0) < 0;
    for (size_t i = 0; i < mount->option_count && !failed; i++) {
        char name[4096];
        const char *equals = strchr(mount->options[i], '=');
        if ((size_t)snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - mount->options[i]) : 4095, mount->options[i]) >= sizeof name) continue;
        // In a user namespace the group of terminals does not exist.
        if (plan->flags & KD_OCI_IN_USER_NAMESPACE && strcmp(mount->type, "devpts") == 0 && strcmp(name, "gid") == 0) continue;
        failed = fsconfig(context, equals ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, name, equals ? equals + 1 : NULL, 0) < 0;
    }
    if (!failed && mount->set & MOUNT_ATTR_RDONLY && has_device(mount->type)) failed = fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0;
    failed = failed || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0;
    if (!failed) tree = fsmount(context, FSMOUNT_CLOEXEC, 0);
    int saved = errno;
    char said[512];
    // The kernel's own words about what it refuses, the last of them.
    for (ssize_t got; tree < 0 && (got = read(context, said, sizeof said - 1)) > 0;) {
        said[got] = 0;
        if (said[got - 1] == '\n') said[got - 1] = 0;
        oci_warn(said, mount->target);
    }
    close(context);
    errno = saved;
    return tree;
}

// Files of proc that engines cover; what checks another would be fooled.
static void refuse_proc(const struct oci_mount *mount, int tree, int target) {
    static const char *const allowed[] = {
        "cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg", "slabinfo", "net/dev", "sys/kernel/ns_last_pid", "sys/crypto/fips_enabled",
    };
    struct statfs filesystem;
    if (fstatfs(target, &filesystem) < 0 || filesystem.f_type != PROC_MAGIC) return;
    if (fstatfs(tree, &filesystem) == 0 && filesystem.f_type == PROC_MAGIC) return;
    const char *path = mount->target;
    while (*path == '/') path++;
    if (strncmp(path, "proc/", 5) == 0)
        for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
            if (strcmp(path + 5, allowed[i]) == 0) return;
    oci_refuse("nothing may be mounted inside of /proc, which checks of security rely on", mount->target);
}

static void copy_up(int root, const struct oci_mount *mount, int tree) {
    int from = open_in(root, mount->target, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    if (from < 0) return;
    struct stat info;
    int to = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    oci_check(to, "copy what is at", mount->target);
    oci_check(oci_copy_up(from, to), "copy what is at", mount->target);
    if (fstat(from, &info) == 0 && (fchown(to, info.st_uid, info.st_gid) < 0 || fchmod(to, info.st_mode & 07777) < 0)) oci_warn("own", mount->target);
    close(from);
    close(to);
}

static bool has_mode(const struct oci_mount *mount) {
    for (size_t i = 0; i < mount->option_count; i++)
        if (strncmp(mount->options[i], "mode=", 5) == 0) return true;
    return false;
}

// A tmpfs of which nobody said otherwise has the mode of the directory that it covers, as with other runtimes.
static void keep_mode(const struct oci_mount *mount, int tree, mode_t mode) {
    int top = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    oci_check(top, "open what is mounted at", mount->target);
    if (fchmod(top, mode & 07777) < 0) oci_warn("set the mode of", mount->target);
    close(top);
}

static int make_target(int root, const struct oci_mount *mount, enum make make) {
    if (mount->flags & KD_OCI_NO_FOLLOW_TARGET) {
        // A link that is there is mounted on itself, wherever it leads.
        int link = open_in(root, mount->target, O_PATH | O_NOFOLLOW, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        if (link >= 0 || errno != ENOENT) return link;
    }
    return oci_make_in(root, mount->target, make);
}

static void mount_one(struct oci_plan *plan, int root, struct oci_mount *mount) {
    struct stat info = { .st_mode = S_IFDIR };
    bool binds = mount->flags & KD_OCI_BIND;
    int tree = mount->tree;
    if (binds && tree < 0) oci_check(tree = oci_open_source(mount), "open the source of a mount", mount->source);
    if (binds) oci_check(fstat(tree, &info), "examine the source of a mount", mount->source);
    struct stat covered = { 0 };
    int before = strcmp(mount->type, "tmpfs") == 0 && !has_mode(mount) ? oci_make_in(root, mount->target, MAKE_NOTHING) : -1;
    if (before >= 0) oci_check(fstat(before, &covered), "examine the mount point", mount->target);
    close_fd(&before);
    int target = make_target(root, mount, S_ISDIR(info.st_mode) ? MAKE_DIRECTORY : MAKE_FILE);
    oci_check(target, "prepare the mount point", mount->target);
    if (mount->flags & KD_OCI_CGROUPS && !(plan->flags & KD_OCI_CGROUP2)) {
        oci_mount_cgroups1(plan, mount, target);
        close(target);
        return;
    }
    if (!binds) {
        tree = make_mount(plan, mount);
        // A user namespace may not have its own: the machine's is seen instead, as it is.
        if (tree < 0 && (errno == EPERM || errno == EBUSY) && (mount->flags & KD_OCI_CGROUPS || strcmp(mount->type, "sysfs") == 0)) {
            tree = open_tree(AT_FDCWD, strcmp(mount->type, "sysfs") == 0 ? "/sys" : "/sys/fs/cgroup", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
            // With all that is mounted below it, which the options then hold for, too.
            mount->flags |= KD_OCI_BIND_BELOW;
            mount->set_below |= mount->set;
        }
        oci_check(tree, "mount", mount->target);
    }
    refuse_proc(mount, tree, target);
    if (mount->flags & KD_OCI_COPY_UP) copy_up(root, mount, tree);
    else if (covered.st_mode) keep_mode(mount, tree, covered.st_mode);
    bool below = mount->flags & KD_OCI_BIND_BELOW;
    change_attributes(tree, below, mount->set_below, mount->clear_below, 0, mount->target);
    change_attributes(tree, false, mount->set, mount->clear, 0, mount->target);
    uint64_t propagation = mount->propagation ? mount->propagation : plan->propagation ? plan->propagation : MS_PRIVATE | MS_REC;
    if (binds) change_attributes(tree, propagation & MS_REC, 0, 0, propagation & ~(uint64_t)MS_REC, mount->target);
    if (attach(tree, target) < 0) {
        // A kernel that refuses to attach a copy takes the mount by its path, which this descriptor is.
        char path[48];
        snprintf(path, sizeof path, "/proc/self/fd/%d", target);
        oci_check(move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS), "mount at", mount->target);
    }
    if (!binds && mount->propagation) change_attributes(tree, mount->propagation & MS_REC, 0, 0, mount->propagation & ~(uint64_t)MS_REC, mount->target);
    close(tree);
    close(target);
    mount->tree = -1;
}

// What is bound may have to stay joined with where it comes from, so it is copied before everything becomes private.
static void open_sources(struct oci_plan *plan) {
    for (size_t i = 0; i < plan->mount_count; i++) {
        struct oci_mount *mount = &plan->mounts[i];
        if (!(mount->flags & KD_OCI_BIND) || mount->tree >= 0 || !(mount->propagation & (MS_SHARED | MS_SLAVE))) continue;
        oci_check(mount->tree = oci_open_source(mount), "open the source of a mount", mount->source);
    }
}

static int separate_root(struct oci_plan *plan) {
    open_sources(plan);
    uint64_t kept = plan->propagation & (MS_SHARED | MS_SLAVE) ? MS_SLAVE : MS_PRIVATE;
    oci_check(mount(NULL, "/", NULL, MS_REC | kept, NULL), "separate the mounts", NULL);
    int root = open_tree(AT_FDCWD, plan->rootfs, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    oci_check(root, "open the root", plan->rootfs);
    // Nothing that is mounted inside may appear on the machine, however it is shared among the container's own.
    change_attributes(root, true, 0, 0, kept, plan->rootfs);
    int place = open(plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    oci_check(place, "open the root", plan->rootfs);
    oci_check(attach(root, place), "mount the root", plan->rootfs);
    close(place);
    return root;
}

int oci_build_root(struct oci_plan *plan) {
    int root = -1;
    if (plan->flags & KD_OCI_MOUNTS_IN_PLACE) oci_check(root = open(plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC), "open the root", plan->rootfs);
    else root = separate_root(plan);
    for (size_t i = 0; i < plan->mount_count; i++) mount_one(plan, root, &plan->mounts[i]);
    if (plan->flags & KD_OCI_HAS_DEVICES) oci_make_devices(plan, root);
    int directory = oci_make_in(root, plan->directory, MAKE_DIRECTORY);
    if (directory >= 0) close(directory);
    return root;
}

// What stays below a moved root must not offer the machine's kernel to whoever gets behind it.
static void hide(const char *path) {
    if (umount2(path, MNT_DETACH) == 0 || errno == ENOENT) return;
    if (errno == EINVAL || errno == EPERM) oci_check(mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=0k"), "hide the machine's", path);
    else oci_fail("hide the machine's", path);
}

void oci_enter_root(const struct oci_plan *plan, int root) {
    if (plan->flags & KD_OCI_MOUNTS_IN_PLACE) {
        oci_check(fchdir(root), "enter the root", plan->rootfs);
        oci_check(chroot("."), "enter the root", plan->rootfs);
    } else if (plan->flags & KD_OCI_NO_PIVOT) {
        // A machine that runs from its initial RAM file system cannot leave it: it is covered, and cannot be reached through /proc and /sys.
        hide("/proc");
        hide("/sys");
        oci_check(fchdir(root), "enter the root", plan->rootfs);
        oci_check(mount(".", "/", NULL, MS_MOVE, NULL), "move the root", plan->rootfs);
        oci_check(chroot("."), "enter the root", plan->rootfs);
        oci_check(chdir("/"), "enter the root", plan->rootfs);
    } else oci_check(enter_root(root), "enter the root", plan->rootfs);
    if (plan->propagation) oci_check(mount(NULL, "/", NULL, plan->propagation, NULL), "set the propagation of the root", NULL);
    if (plan->flags & KD_OCI_READ_ONLY_ROOT) {
        int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        oci_check(top, "open the root", NULL);
        change_attributes(top, false, MOUNT_ATTR_RDONLY, 0, 0, "/");
        close(top);
    }
}

int kd_oci_cover_root(const char *path) {
    int root = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE), place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int failed = root < 0 || place < 0 || attach(root, place) < 0;
    // Afterwards: what is attached below a shared mount becomes shared.
    if (!failed && set_attributes(root, true, 0, MS_PRIVATE) < 0) {
        int refused = errno;
        umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
        errno = refused;
        failed = 1;
    }
    int saved = errno;
    close_fd(&root);
    close_fd(&place);
    errno = saved;
    return failed ? -1 : 0;
}

int kd_oci_uncover_root(const char *path) { return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW); }

void oci_add_mounts(struct oci_plan *plan) {
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    oci_check(root, "open the container's root", NULL);
    for (size_t i = 0; i < plan->mount_count; i++) mount_one(plan, root, &plan->mounts[i]);
    close(root);
}

void oci_remove_mounts(const struct oci_plan *plan) {
    // What came last may be inside of what came first.
    for (size_t i = plan->mount_count; i--;) oci_check(umount2(plan->mounts[i].target, MNT_DETACH | UMOUNT_NOFOLLOW), "unmount", plan->mounts[i].target);
}
