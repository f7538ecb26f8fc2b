// The container's file system: sources, layers, devices, masks. Everything is reached by descriptors.
#include "supervisor_child.h"
#include "syscalls.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

static int open_source(const struct mount_plan *mount) {
    enum make make = mount->flags & KD_MOUNT_MAKE_DIRECTORY ? MAKE_DIRECTORY : mount->flags & KD_MOUNT_MAKE_FILE ? MAKE_FILE : MAKE_NOTHING;
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), source = make_in(root, mount->source, make, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    struct stat info;
    check(source, "open the source of a mount", mount->source);
    close(root);
    check(fstat(source, &info), "examine the source of a mount", mount->source);
    if (mount->type && mount->type != (info.st_mode & S_IFMT)) { errno = EINVAL; fail("find the required type of file at", mount->source); }
    if (!mount->subpath[0]) return source;
    // The volume's owner may plant links at any time: resolved once, never past its top.
    int inner = open_in(source, mount->subpath, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
    int saved = errno;
    close(source);
    errno = saved;
    return inner;
}

// What is mounted below and cannot be shown so (proc, say) leaves the rest unchanged; then it is the source alone that counts.
static void map_source(int tree, const struct mount_plan *mount, const struct sandbox *mapped) {
    bool recursive = mount->flags & KD_MOUNT_RECURSIVE;
    if (recursive && kd_mount_map(tree, true, mapped->users) == 0) return;
    check(kd_mount_map(tree, false, mapped->users), "map the users of", mount->target);
}

static int *clone_sources(const struct plan *plan, const struct sandbox *mapped) {
    int *trees = calloc(plan->mount_count + 1, sizeof *trees);
    if (!trees) fail("allocate", NULL);
    for (size_t i = 0; i < plan->mount_count; i++) {
        const struct mount_plan *mount = &plan->mounts[i];
        trees[i] = -1;
        if (mount->flags & KD_MOUNT_TEMPORARY) continue;
        int source = open_source(mount);
        check(source, "open the source of a mount", mount->source);
        check(trees[i] = clone_tree(source, "", mount->flags & KD_MOUNT_RECURSIVE), "copy the source of a mount", mount->source);
        if (mapped && !(mount->flags & KD_MOUNT_MAPPED)) map_source(trees[i], mount, mapped);
        close(source);
    }
    return trees;
}

// Where the parts of a mapped root are mounted, below the root itself: overlay takes only what is mounted somewhere.
static int mount_shelf(int staging) {
    const char *options[] = { "mode", "700", NULL };
    int shelf = make_filesystem("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, options), place = openat(staging, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    check(shelf, "mount", "a place for layers");
    check(place, "open", "the place of the root");
    check(attach(shelf, place), "attach", "a place for layers");
    close(place);
    return shelf;
}

// A directory of the node as the sandbox's users see it.
static int open_mapped(int shelf, const char *path, const struct sandbox *mapped) {
    static int number;
    char name[16];
    snprintf(name, sizeof name, "%d", number++);
    int tree = clone_tree(AT_FDCWD, path, false);
    check(tree, "open an image layer", path);
    check(kd_mount_map(tree, false, mapped->users), "map the users of the directory", path);
    check(mkdirat(shelf, name, 0700), "make a place for", path);
    int place = openat(shelf, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    check(place, "open the place of", path);
    check(attach(tree, place), "attach", path);
    close(place);
    return tree;
}

// The upper and the work directory, which must be on one mount: mapped, they are opened below the directory that holds both.
static void open_writable(const struct plan *plan, int shelf, const struct sandbox *mapped, int *upper, int *work) {
    const char *upper_path = plan->upper, *work_path = plan->work;
    int above = AT_FDCWD;
    if (mapped) {
        const char *upper_name = strrchr(upper_path, '/'), *work_name = strrchr(work_path, '/');
        size_t length = upper_name ? (size_t)(upper_name - upper_path) : 0;
        char parent[PATH_MAX];
        bool together = length && length < sizeof parent && work_name && (size_t)(work_name - work_path) == length && strncmp(upper_path, work_path, length) == 0;
        if (!together) { errno = EINVAL; fail("find upper and work directory beside each other at", upper_path); }
        memcpy(parent, upper_path, length);
        parent[length] = 0;
        above = open_mapped(shelf, parent, mapped);
        upper_path = upper_name + 1;
        work_path = work_name + 1;
    }
    *upper = openat(above, upper_path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    check(*upper, "open the upper directory", plan->upper);
    *work = openat(above, work_path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    check(*work, "open the work directory", plan->work);
}

// mount(2) takes one page of options: layers are named by short links of our own proc file system.
static int mount_overlay(const struct plan *plan, const struct sandbox *mapped) {
    // The supervisor's own descriptor belongs to its mount namespace; this one is a copy.
    int staging = open_in(AT_FDCWD, "/run/.kdash", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS), shelf = -1, upper, work;
    check(staging, "open", "/run/.kdash");
    if (mapped) shelf = mount_shelf(staging);
    char options[4096];
    size_t n = (size_t)snprintf(options, sizeof options, "lowerdir=");
    for (size_t i = 0; i < plan->layer_count; i++) {
        int layer = mapped ? open_mapped(shelf, plan->layers[i], mapped) : open(plan->layers[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        check(layer, "open an image layer", plan->layers[i]);
        if (n < sizeof options) n += (size_t)snprintf(options + n, sizeof options - n, "self/fd/%d:", layer);
    }
    if (n < sizeof options) n += (size_t)snprintf(options + n, sizeof options - n, "self/fd/%d/base", staging);
    open_writable(plan, shelf, mapped, &upper, &work);
    if (n < sizeof options)
        n += (size_t)snprintf(options + n, sizeof options - n, ",upperdir=self/fd/%d,workdir=self/fd/%d%s", upper, work, node.rootless ? ",userxattr" : "");
    if (n + 10 >= sizeof options) { errno = E2BIG; fail("mount the image: too many layers", plan->layers[0]); }
    char target[48];
    snprintf(target, sizeof target, "self/fd/%d/root", staging);
    check(fchdir(node.proc), "enter proc", NULL);
    // Nothing of a container's writable layer is reused after a crash: syncing it is for nobody.
    strcat(options, ",volatile");
    if (mount("overlay", target, "overlay", 0, options) < 0) {
        options[n] = 0;
        check(mount("overlay", target, "overlay", 0, options), "mount the image", plan->layers[0]);
    }
    int root = openat(staging, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    check(root, "open the root", NULL);
    return root;
}

static void mount_kernel(int root, const char *path, const char *type, unsigned attributes) {
    // An image whose /proc or /sys is a link is refused, not followed.
    int target = make_in(root, path, MAKE_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
    check(target, "prepare", path);
    int mount = make_filesystem(type, attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, NULL);
    check(mount, "mount", path);
    check(attach(mount, target), "attach", path);
    close(mount);
    close(target);
}

static void mount_volume(int root, const struct mount_plan *mount, int tree) {
    struct stat info = { .st_mode = S_IFDIR };
    if (mount->flags & KD_MOUNT_TEMPORARY) {
        char size[32];
        snprintf(size, sizeof size, "%lu", (unsigned long)mount->size);
        const char *options[] = { "mode", "1777", mount->size ? "size" : NULL, size, NULL };
        check(tree = make_filesystem("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, options), "mount memory at", mount->target);
    } else check(fstat(tree, &info), "examine a mount", mount->source);
    int target = make_in(root, mount->target, S_ISDIR(info.st_mode) ? MAKE_DIRECTORY : MAKE_FILE, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    check(target, "prepare the mount point", mount->target);
    // Never on top of proc or sysfs: whatever checks their files would be fooled.
    struct statfs filesystem;
    check(fstatfs(target, &filesystem), "examine the mount point", mount->target);
    if (filesystem.f_type == 0x9fa0 || filesystem.f_type == 0x62656572) { errno = EPERM; fail("mount over a kernel file system", mount->target); }
    bool recursive = mount->flags & KD_MOUNT_RECURSIVE;
    uint64_t propagation = mount->flags & KD_MOUNT_BOTH ? MS_SHARED : mount->flags & KD_MOUNT_FROM_NODE ? MS_SLAVE : MS_PRIVATE;
    check(set_attributes(tree, recursive, 0, propagation), "set the propagation of", mount->target);
    bool below = recursive && mount->flags & KD_MOUNT_READ_ONLY_BELOW;
    if (mount->flags & KD_MOUNT_READ_ONLY) check(set_attributes(tree, below, MOUNT_ATTR_RDONLY, 0), "make read-only", mount->target);
    check(attach(tree, target), "mount at", mount->target);
    close(tree);
    close(target);
}

static void mask_paths(int root, const struct plan *plan, int null) {
    const char *options[] = { "nr_blocks", "1", "nr_inodes", "1", NULL };
    int empty = -1;
    for (size_t i = 0; i < plan->mask_count; i++) {
        int target = open_in(root, plan->masks[i], O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        if (target < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR)) continue;
        check(target, "mask", plan->masks[i]);
        struct stat info;
        check(fstat(target, &info), "mask", plan->masks[i]);
        int cover;
        if (!S_ISDIR(info.st_mode)) cover = clone_tree(null, "", false);
        // One empty directory for all: the first is attached, the others are copies of it.
        else if (empty >= 0) cover = clone_tree(empty, "", false);
        else cover = empty = make_filesystem("tmpfs", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, options);
        check(cover, "mask", plan->masks[i]);
        check(attach(cover, target), "mask", plan->masks[i]);
        if (cover != empty) close(cover);
        close(target);
    }
    close_fd(&empty);
}

static void protect_paths(int root, const struct plan *plan) {
    for (size_t i = 0; i < plan->read_only_count; i++) {
        int target = open_in(root, plan->read_only[i], O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        if (target < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR)) continue;
        check(target, "protect", plan->read_only[i]);
        int copy = clone_tree(target, "", true);
        check(copy, "protect", plan->read_only[i]);
        check(set_attributes(copy, true, MOUNT_ATTR_RDONLY, 0), "protect", plan->read_only[i]);
        check(attach(copy, target), "protect", plan->read_only[i]);
        close(copy);
        close(target);
    }
}

void build_root(const struct plan *plan, const struct sandbox *mapped) {
    int *trees = clone_sources(plan, mapped);
    // After the sources were copied (they may have to stay shared), before anything is mounted.
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make mounts private", NULL);
    // After sources that were missing have been made, which are the node's; what is made from now on belongs to the container's root.
    if (mapped) check(kd_make_files_as(mapped->first_user), "act as the container's root", NULL);
    int root = mount_overlay(plan, mapped);
    mount_kernel(root, "proc", "proc", 0);
    mount_kernel(root, "sys", "sysfs", plan->flags & KD_WRITABLE_SYS ? 0 : MOUNT_ATTR_RDONLY);
    int cgroups = node.hierarchy_count ? open_in(root, "sys/fs/cgroup", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS) : -1;
    if (cgroups >= 0) check(mount_cgroups(cgroups, !(plan->flags & KD_WRITABLE_SYS)), "mount cgroups", NULL);
    int target = make_in(root, "dev", MAKE_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
    check(target, "prepare", "dev");
    int dev = mount_devices(target);
    check(dev, "mount", "dev");
    if (!mapped) check(mount_terminals(dev, !node.rootless), "mount", "dev/pts");
    int null = openat(dev, "null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat info;
    check(null, "open", "dev/null");
    check(fstat(null, &info), "examine", "dev/null");
    if (!S_ISCHR(info.st_mode) || info.st_rdev != makedev(1, 3)) { errno = EINVAL; fail("examine", "dev/null"); }
    if (plan->flags & KD_HAS_TERMINAL) {
        int console = openat(dev, "console", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        check(console, "make", "dev/console");
        close(console);
    }
    for (size_t i = 0; i < plan->mount_count; i++) mount_volume(root, &plan->mounts[i], trees[i]);
    int directory = make_in(root, plan->directory, MAKE_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    check(directory, "prepare the working directory", plan->directory);
    mask_paths(root, plan, null);
    protect_paths(root, plan);
    if (plan->flags & KD_READ_ONLY_ROOT) check(set_attributes(root, false, MOUNT_ATTR_RDONLY, 0), "make the root read-only", NULL);
    check(enter_root(root), "enter the root", NULL);
}
