// /dev of a container, the hierarchies of cgroup v1, and the program that guards devices on v2.
#include "oci_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// A user namespace can have nodes but not make them. These are the machine's root's, in a file system that only this container sees.
// EPERM where not even root may make them: then the machine's own are bound.
int oci_seed_devices(const struct oci_plan *plan) {
    const char *options[] = { "mode", "755", "size", "1m", NULL };
    int seed = make_filesystem("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, options);
    for (size_t i = 0; seed >= 0 && i < plan->device_count; i++) {
        const struct oci_device *device = &plan->devices[i];
        char name[24];
        snprintf(name, sizeof name, "%zu", i);
        if (mknodat(seed, name, (mode_t)(device->type | 0600), makedev((unsigned)device->major, (unsigned)device->minor)) == 0
            && fchownat(seed, name, (uid_t)device->host_uid, (gid_t)device->host_gid, 0) == 0 && fchmodat(seed, name, (mode_t)device->mode, 0) == 0) continue;
        int saved = errno;
        close(seed);
        errno = saved;
        return -1;
    }
    return seed;
}

// Nodes are copied out of a mount that is this namespace's own, so it covers /dev until all of them are.
static void bind_seeds(const struct oci_plan *plan, int root) {
    int dev = oci_make_in(root, "dev", MAKE_DIRECTORY), *nodes = calloc(plan->device_count, sizeof *nodes);
    oci_check(dev, "prepare", "/dev");
    if (!nodes) oci_fail("allocate", NULL);
    oci_check(attach(plan->seed, dev), "mount the devices", NULL);
    char path[48];
    for (size_t i = 0; i < plan->device_count; i++) {
        snprintf(path, sizeof path, "%zu", i);
        oci_check(nodes[i] = clone_tree(plan->seed, path, false), "copy the device", plan->devices[i].path);
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", plan->seed);
    oci_check(umount2(path, MNT_DETACH), "unmount the devices", NULL);
    close(dev);
    for (size_t i = 0; i < plan->device_count; i++) {
        int target = oci_make_in(root, plan->devices[i].path, MAKE_FILE);
        oci_check(target, "make the device", plan->devices[i].path);
        oci_check(attach(nodes[i], target), "mount the device", plan->devices[i].path);
        close(target);
        close(nodes[i]);
    }
    free(nodes);
}

// Who is not the machine's root has the machine's nodes bound, where they are the same device.
static void bind_device(int root, const struct oci_device *device) {
    int target = oci_make_in(root, device->path, MAKE_FILE), tree = open_tree(AT_FDCWD, device->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    oci_check(target, "make the device", device->path);
    oci_check(tree, "bind the device", device->path);
    struct stat info;
    oci_check(fstat(tree, &info), "examine the device", device->path);
    if ((info.st_mode & S_IFMT) != device->type || (!S_ISFIFO(info.st_mode) && info.st_rdev != makedev((unsigned)device->major, (unsigned)device->minor)))
        oci_refuse("a user namespace can only have devices that the machine has at the same path", device->path);
    oci_check(attach(tree, target), "bind the device", device->path);
    close(tree);
    close(target);
}

static void make_device(const struct oci_plan *plan, int root, const struct oci_device *device) {
    char parent_path[PATH_MAX];
    if ((size_t)snprintf(parent_path, sizeof parent_path, "%s", device->path) >= sizeof parent_path) {
        errno = ENAMETOOLONG;
        oci_fail("make the device", device->path);
    }
    char *slash = strrchr(parent_path, '/');
    if (!slash || !slash[1]) oci_refuse("the path of a device must be absolute and end in a name", device->path);
    *slash = 0;
    const char *name = slash + 1;
    if (plan->flags & KD_OCI_IN_USER_NAMESPACE && !S_ISFIFO(device->type)) { bind_device(root, device); return; }
    int parent = oci_make_in(root, *parent_path ? parent_path : "/", MAKE_DIRECTORY);
    oci_check(parent, "make the directory of the device", device->path);
    dev_t number = makedev((unsigned)device->major, (unsigned)device->minor);
    if (mknodat(parent, name, (mode_t)(device->type | device->mode), number) < 0) {
        struct stat info;
        if (errno == EPERM) { close(parent); bind_device(root, device); return; }
        if (errno != EEXIST) oci_fail("make the device", device->path);
        // What the image has there stays when it is the very device.
        oci_check(fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW), "examine the device", device->path);
        bool same = (info.st_mode & S_IFMT) == device->type && (S_ISFIFO(info.st_mode) || info.st_rdev == number);
        if (!same) {
            oci_check(unlinkat(parent, name, 0), "replace the file at the device's path", device->path);
            oci_check(mknodat(parent, name, (mode_t)(device->type | device->mode), number), "make the device", device->path);
        }
    }
    oci_check(fchownat(parent, name, (uid_t)device->uid, (gid_t)device->gid, AT_SYMLINK_NOFOLLOW), "own the device", device->path);
    oci_check(fchmodat(parent, name, (mode_t)device->mode, 0), "set the mode of the device", device->path);
    close(parent);
}

static void make_link(int dev, const char *leads_to, const char *name) {
    if (symlinkat(leads_to, dev, name) == 0) return;
    struct stat info;
    // ptmx of an image is another instance's; the other names are the image's to have.
    if (errno == EEXIST && strcmp(name, "ptmx") == 0 && fstatat(dev, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(info.st_mode)
        && !S_ISLNK(info.st_mode) && unlinkat(dev, name, 0) == 0 && symlinkat(leads_to, dev, name) == 0)
        return;
    if (errno != EEXIST && errno != EROFS) oci_fail("make the link in /dev", name);
}

void oci_make_devices(const struct oci_plan *plan, int root) {
    if (plan->seed >= 0) bind_seeds(plan, root);
    else for (size_t i = 0; i < plan->device_count; i++) make_device(plan, root, &plan->devices[i]);
    int dev = oci_make_in(root, "dev", MAKE_DIRECTORY);
    oci_check(dev, "prepare", "/dev");
    make_link(dev, "/proc/self/fd", "fd");
    make_link(dev, "/proc/self/fd/0", "stdin");
    make_link(dev, "/proc/self/fd/1", "stdout");
    make_link(dev, "/proc/self/fd/2", "stderr");
    struct stat info;
    if (fstatat(plan->proc, "kcore", &info, 0) == 0) make_link(dev, "/proc/kcore", "core");
    if (fstatat(dev, "pts", &info, AT_SYMLINK_NOFOLLOW) == 0) make_link(dev, "pts/ptmx", "ptmx");
    if (plan->flags & KD_OCI_HAS_TERMINAL) {
        int console = openat(dev, "console", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (console < 0 && errno != EEXIST) oci_fail("make", "/dev/console");
        close_fd(&console);
    }
    close(dev);
}

// Each hierarchy below its usual name; single controllers of one that has several lead to it.
void oci_mount_cgroups1(const struct oci_plan *plan, const struct oci_mount *mount, int target) {
    const char *options[] = { "mode", "755", NULL };
    int root = make_filesystem("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, options);
    oci_check(root, "mount cgroups at", mount->target);
    oci_check(attach(root, target), "mount cgroups at", mount->target);
    for (size_t i = 0; i < plan->hierarchy_count; i++) {
        const char *names = plan->hierarchies[i].name, *slash = strrchr(names, '/');
        const char *directory = strncmp(names, "name=", 5) == 0 ? names + 5 : slash ? slash + 1 : names;
        char data[160];
        snprintf(data, sizeof data, "%s%s", strncmp(names, "name=", 5) == 0 ? "none," : "", names);
        if (mkdirat(root, directory, 0755) < 0 && errno != EEXIST) oci_fail("make the directory of a cgroup", directory);
        int place = openat(root, directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        oci_check(place, "mount the cgroup", names);
        int tree = -1;
        // With a namespace of its own the container sees its cgroup as the root, otherwise its own directory.
        if (plan->flags & KD_OCI_CGROUP_NAMESPACE) {
            int context = fsopen("cgroup", FSOPEN_CLOEXEC), failed = context < 0;
            for (char *next = data, *one; !failed && (one = strsep(&next, ","));) {
                char *equals = strchr(one, '=');
                if (equals) *equals++ = 0;
                failed = fsconfig(context, equals ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, one, equals, 0) < 0;
            }
            if (!failed && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) tree = fsmount(context, FSMOUNT_CLOEXEC, 0);
            int saved = errno;
            close_fd(&context);
            errno = saved;
        }
        if (tree < 0) tree = open_tree(AT_FDCWD, plan->hierarchies[i].value, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        oci_check(tree, "mount the cgroup", names);
        oci_check(set_attributes(tree, false, mount->set, 0), "set the options of the cgroup", names);
        oci_check(attach(tree, place), "mount the cgroup", names);
        close(tree);
        close(place);
        for (const char *one = names, *comma; strchr(names, ',') && *one; one = comma + (*comma == ',')) {
            char single[64];
            comma = one + strcspn(one, ",");
            snprintf(single, sizeof single, "%.*s", (int)(comma - one), one);
            if (symlinkat(directory, root, single) < 0 && errno != EEXIST) oci_fail("make the link of a cgroup", single);
        }
    }
    if (mount->set & MOUNT_ATTR_RDONLY) oci_check(set_attributes(root, false, MOUNT_ATTR_RDONLY, 0), "make cgroups read-only at", mount->target);
    close(root);
}

int kd_oci_devices(const char *cgroup, const void *program, size_t count) {
    int target = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target < 0) return -1;
    uint32_t ids[64];
    union bpf_attr query = {
        .query = { .target_fd = (uint32_t)target, .attach_type = BPF_CGROUP_DEVICE, .prog_ids = (uint64_t)(uintptr_t)ids, .prog_cnt = 64 },
    };
    int known = syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof query) == 0 ? (int)query.query.prog_cnt : 0;
    int loaded = kd_load_device_program(program, count);
    // Beside the old one first, which goes afterwards: at no moment is everything allowed.
    union bpf_attr attach = {
        .target_fd = (uint32_t)target, .attach_bpf_fd = (uint32_t)loaded, .attach_type = BPF_CGROUP_DEVICE, .attach_flags = BPF_F_ALLOW_MULTI,
    };
    int result = loaded < 0 ? -1 : (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach), saved = errno;
    for (int i = 0; result == 0 && i < known; i++) {
        union bpf_attr by_id = { .prog_id = ids[i] };
        int old = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &by_id, sizeof by_id);
        union bpf_attr detach = { .target_fd = (uint32_t)target, .attach_bpf_fd = (uint32_t)old, .attach_type = BPF_CGROUP_DEVICE };
        if (old < 0 || syscall(SYS_bpf, BPF_PROG_DETACH, &detach, sizeof detach) < 0) { result = -1; saved = errno; }
        close_fd(&old);
    }
    close(target);
    close_fd(&loaded);
    errno = saved;
    return result;
}
