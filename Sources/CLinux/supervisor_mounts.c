// Files and mounts by descriptor. Nothing here follows a path string into a container's root.
#include "supervisor_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/openat2.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int open_in(int root, const char *path, int flags, uint64_t resolve) {
    while (*path == '/') path++;
    struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC), .resolve = resolve };
    int fd;
    // EAGAIN: something was renamed while the path was walked.
    for (int i = 0; i < 64; i++) {
        fd = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    return fd;
}

static int make_one(int parent, const char *name, enum make make) {
    if (make == MAKE_DIRECTORY) return mkdirat(parent, name, 0755) < 0 && errno != EEXIST ? -1 : 0;
    int file = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0) return errno == EEXIST ? 0 : -1;
    close(file);
    return 0;
}

int make_in(int root, const char *path, enum make make, uint64_t resolve) {
    int found = open_in(root, path, O_PATH, resolve);
    if (found >= 0 || errno != ENOENT || make == MAKE_NOTHING) return found;
    char prefix[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof prefix) { errno = ENAMETOOLONG; return -1; }
    int parent = open_in(root, ".", O_PATH | O_DIRECTORY, resolve);
    for (size_t at = 0; parent >= 0 && at < length;) {
        while (path[at] == '/') at++;
        size_t end = at + strcspn(path + at, "/"), next = end + strspn(path + end, "/");
        if (end == at) break;
        char name[NAME_MAX + 1];
        if (end - at > NAME_MAX) { errno = ENAMETOOLONG; close(parent); return -1; }
        memcpy(name, path + at, end - at);
        name[end - at] = 0;
        memcpy(prefix, path, end);
        prefix[end] = 0;
        int child = open_in(root, prefix, O_PATH, resolve);
        if (child < 0 && errno == ENOENT && make_one(parent, name, path[next] ? MAKE_DIRECTORY : make) == 0)
            child = open_in(root, prefix, O_PATH, resolve);
        int saved = errno;
        close(parent);
        errno = saved;
        parent = child;
        at = next;
    }
    return parent;
}

int make_filesystem(const char *type, unsigned attributes, const char *const *options) {
    int context = fsopen(type, FSOPEN_CLOEXEC), mount = -1;
    if (context < 0) return -1;
    int failed = 0;
    for (; options && *options && !failed; options += 2)
        failed = fsconfig(context, options[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[0], options[1], 0) < 0;
    if (!failed && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) mount = fsmount(context, FSMOUNT_CLOEXEC, attributes);
    int saved = errno;
    close(context);
    errno = saved;
    return mount;
}

int clone_tree(int fd, const char *path, bool recursive) {
    return open_tree(fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
}

int attach(int mount, int target) {
    return move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int set_attributes(int fd, bool recursive, uint64_t set, uint64_t propagation) {
    struct mount_attr attributes = { .attr_set = set, .propagation = propagation };
    return mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes, sizeof attributes);
}

int write_in(int directory, const char *path, const char *text) {
    int fd = open_in(directory, path, O_WRONLY, RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV);
    if (fd < 0) return -1;
    ssize_t written = write(fd, text, strlen(text));
    int saved = errno;
    close(fd);
    errno = saved;
    return written < 0 ? -1 : 0;
}

int write_label(int proc, const char *file, const char *label) {
    char path[64];
    snprintf(path, sizeof path, "self/attr/%s", file);
    int result = write_in(proc, path, label);
    // Kernels before 5.8 have no directory for each security module.
    return result < 0 && errno == ENOENT && strncmp(file, "apparmor/", 9) == 0 ? write_in(proc, "self/attr/exec", label) : result;
}

ssize_t read_in(int directory, const char *path, char *buffer, size_t size) {
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t got = read(fd, buffer, size - 1);
    buffer[got < 0 ? 0 : got] = 0;
    close(fd);
    return got;
}

static int mount_below(int directory, const char *name, const char *type, unsigned attributes, const char *const *options) {
    int mount = make_filesystem(type, attributes, options);
    if (mount < 0) return -1;
    int target = openat(directory, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
    int failed = target < 0 || attach(mount, target) < 0, saved = errno;
    close(mount);
    if (target >= 0) close(target);
    errno = saved;
    return failed ? -1 : 0;
}

static const struct { const char *name; unsigned major, minor; } device_nodes[] = {
    { "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

// In a user namespace nodes cannot be made: the host's are bound while they can still be reached.
static int bind_node(int dev, const char *name) {
    char path[32];
    snprintf(path, sizeof path, "/dev/%s", name);
    int tree = clone_tree(AT_FDCWD, path, false), file = openat(dev, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    int target = file < 0 ? -1 : openat(dev, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int failed = tree < 0 || target < 0 || attach(tree, target) < 0, saved = errno;
    if (tree >= 0) close(tree);
    if (file >= 0) close(file);
    if (target >= 0) close(target);
    errno = saved;
    return failed ? -1 : 0;
}

int mount_terminals(int dev, bool group) {
    const char *pts[] = { "newinstance", NULL, "ptmxmode", "0666", "mode", "0620", group ? "gid" : NULL, "5", NULL };
    return mount_below(dev, "pts", "devpts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, pts);
}

int mount_devices(int target) {
    const char *tmpfs[] = { "mode", "755", "size", "65536k", NULL };
    int dev = make_filesystem("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, tmpfs);
    if (dev < 0) return -1;
    bool binds = false;
    // Everything is made on the mount while it is still detached: no path of the image is involved.
    for (size_t i = 0; i < sizeof device_nodes / sizeof *device_nodes; i++) {
        mode_t mode = S_IFCHR | 0666;
        if (mknodat(dev, device_nodes[i].name, mode, makedev(device_nodes[i].major, device_nodes[i].minor)) < 0) {
            if (errno != EPERM) goto failed;
            binds = true;
            break;
        }
        if (fchmodat(dev, device_nodes[i].name, 0666, 0) < 0) goto failed;
    }
    if (symlinkat("/proc/self/fd", dev, "fd") < 0 || symlinkat("/proc/self/fd/0", dev, "stdin") < 0
        || symlinkat("/proc/self/fd/1", dev, "stdout") < 0 || symlinkat("/proc/self/fd/2", dev, "stderr") < 0
        || symlinkat("pts/ptmx", dev, "ptmx") < 0 || mkdirat(dev, "pts", 0755) < 0 || mkdirat(dev, "shm", 01777) < 0
        || mkdirat(dev, "mqueue", 0755) < 0 || attach(dev, target) < 0)
        goto failed;
    for (size_t i = 0; binds && i < sizeof device_nodes / sizeof *device_nodes; i++)
        if (bind_node(dev, device_nodes[i].name) < 0) goto failed;
    const char *shm[] = { "mode", "1777", "size", "65536k", NULL };
    unsigned quiet = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV;
    if (mount_below(dev, "shm", "tmpfs", quiet, shm) < 0 || mount_below(dev, "mqueue", "mqueue", quiet, NULL) < 0) goto failed;
    return dev;
failed:;
    int saved = errno;
    close(dev);
    errno = saved;
    return -1;
}

// The hierarchies as /proc/self/cgroup names them, each mounted under its own name.
static int mount_cgroups1(int target, bool read_only) {
    const char *options[] = { "mode", "755", NULL };
    int root = make_filesystem("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, options);
    if (root < 0 || attach(root, target) < 0 || fchdir(root) < 0) return -1;
    char text[4096];
    if (read_in(node.proc, "self/cgroup", text, sizeof text) < 0) return -1;
    unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | (read_only ? MS_RDONLY : 0);
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
        if (!path || path == names + 1) continue;  // the unified hierarchy
        *path = 0;
        char data[128];
        bool named = strncmp(++names, "name=", 5) == 0;
        const char *directory = named ? names + 5 : names;
        snprintf(data, sizeof data, "%s%s", named ? "none," : "", names);
        if (mkdirat(root, directory, 0755) < 0 || mount("cgroup", directory, "cgroup", flags, data) < 0) return -1;
    }
    if (read_only && set_attributes(root, false, MOUNT_ATTR_RDONLY, 0) < 0) return -1;
    close(root);
    return 0;
}

int mount_cgroups(int target, bool read_only) {
    if (!node.cgroup2) return mount_cgroups1(target, read_only);
    unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | (read_only ? MOUNT_ATTR_RDONLY : 0);
    int mount = make_filesystem("cgroup2", attributes, NULL);
    if (mount < 0) return -1;
    int failed = attach(mount, target), saved = errno;
    close(mount);
    errno = saved;
    return failed;
}

int enter_root(int root) {
    int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (old < 0 || fchdir(root) < 0) return -1;
    if (syscall(SYS_pivot_root, ".", ".") < 0) {
        // A machine that runs from its initial RAM file system cannot leave it: it is covered, as switch_root does.
        if (errno != EINVAL || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0) return -1;
    } else {
        // Copies of the old root elsewhere must not feel the unmount.
        if (fchdir(old) < 0 || mount(NULL, ".", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || umount2(".", MNT_DETACH) < 0) return -1;
    }
    close(old);
    return chdir("/");
}

void raise_loopback(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    struct ifreq request = { .ifr_name = "lo" };
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        request.ifr_flags |= IFF_UP;
        ioctl(fd, SIOCSIFFLAGS, &request);
    }
    close(fd);
}
