// Paths inside a root that is not trusted.
#include "oci_internal.h"
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// `path` with the link that is at its first `length` bytes replaced by where it leads.
static int through_link(int parent, const char *name, char *path, size_t start, size_t end) {
    char link[PATH_MAX], whole[PATH_MAX];
    ssize_t got = readlinkat(parent, name, link, sizeof link - 1);
    if (got < 0) return -1;
    link[got] = 0;
    int length = snprintf(whole, sizeof whole, "%.*s%s%s", link[0] == '/' ? 0 : (int)start, path, link, path + end);
    if (length < 0 || (size_t)length >= sizeof whole) { errno = ENAMETOOLONG; return -1; }
    memcpy(path, whole, (size_t)length + 1);
    return 0;
}

static int make_part(int parent, const char *name, enum make make) {
    if (make == MAKE_DIRECTORY) return mkdirat(parent, name, 0755);
    int file = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file >= 0) close(file);
    return file < 0 ? -1 : 0;
}

int oci_make_in(int root, const char *wanted, enum make make) {
    const uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    int found = open_in(root, wanted, O_PATH, resolve);
    if (found >= 0 || errno != ENOENT || make == MAKE_NOTHING) return found;
    char path[PATH_MAX];
    if (strlen(wanted) >= sizeof path) { errno = ENAMETOOLONG; return -1; }
    strcpy(path, wanted);
    int parent = open_in(root, ".", O_PATH | O_DIRECTORY, resolve), links = 0;
    for (size_t at = 0; parent >= 0;) {
        while (path[at] == '/') at++;
        size_t end = at + strcspn(path + at, "/"), next = end + strspn(path + end, "/");
        if (end == at) return parent;
        char name[NAME_MAX + 1], prefix[PATH_MAX];
        if (end - at > NAME_MAX) { close(parent); errno = ENAMETOOLONG; return -1; }
        memcpy(name, path + at, end - at);
        name[end - at] = 0;
        memcpy(prefix, path, end);
        prefix[end] = 0;
        int child = open_in(root, prefix, O_PATH, resolve);
        if (child < 0 && errno == ENOENT) {
            if (make_part(parent, name, path[next] ? MAKE_DIRECTORY : make) == 0 || errno == EEXIST) child = open_in(root, prefix, O_PATH, resolve);
            // There is a link that leads to nothing: what it names is made, inside the root.
            if (child < 0 && errno == ENOENT && links++ < 40 && through_link(parent, name, path, at, end) == 0) {
                close(parent);
                parent = open_in(root, ".", O_PATH | O_DIRECTORY, resolve);
                at = 0;
                continue;
            }
        }
        int saved = errno;
        close(parent);
        errno = saved;
        parent = child;
        at = next;
    }
    return parent;
}

int oci_null(void) {
    static int null = -1;
    if (null >= 0) return null;
    struct stat info;
    null = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    oci_check(null, "open", "/dev/null");
    oci_check(fstat(null, &info), "examine", "/dev/null");
    if (!S_ISCHR(info.st_mode) || info.st_rdev != makedev(1, 3)) oci_refuse("/dev/null of this machine is not the null device", NULL);
    return null;
}

static void mask(int root, const char *path, int *empty) {
    const char *options[] = { "nr_blocks", "1", "nr_inodes", "1", NULL };
    int target = open_in(root, path, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    if (target < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR)) return;
    oci_check(target, "mask", path);
    struct stat info;
    oci_check(fstat(target, &info), "mask", path);
    int cover;
    if (!S_ISDIR(info.st_mode)) cover = clone_tree(oci_null(), "", false);
    // One empty directory for all: the first is attached, the others are copies of it.
    else if (*empty >= 0) cover = clone_tree(*empty, "", false);
    else cover = *empty = make_filesystem("tmpfs", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, options);
    oci_check(cover, "mask", path);
    oci_check(attach(cover, target), "mask", path);
    if (cover != *empty) close(cover);
    close(target);
}

static void protect(int root, const char *path) {
    int target = open_in(root, path, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    if (target < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR)) return;
    oci_check(target, "make read-only", path);
    int copy = clone_tree(target, "", true);
    oci_check(copy, "make read-only", path);
    oci_check(set_attributes(copy, true, MOUNT_ATTR_RDONLY, 0), "make read-only", path);
    oci_check(attach(copy, target), "make read-only", path);
    close(copy);
    close(target);
}

void oci_cover_paths(const struct oci_plan *plan, int root) {
    int empty = -1;
    for (size_t i = 0; i < plan->read_only_count; i++) protect(root, plan->read_only[i]);
    for (size_t i = 0; i < plan->mask_count; i++) mask(root, plan->masks[i], &empty);
    close_fd(&empty);
}

static int copy_one(int from, int to, const char *name, const struct stat *info) {
    if (S_ISLNK(info->st_mode)) {
        char link[PATH_MAX];
        ssize_t got = readlinkat(from, name, link, sizeof link - 1);
        if (got < 0) return -1;
        link[got] = 0;
        if (symlinkat(link, to, name) < 0) return -1;
    } else if (S_ISDIR(info->st_mode)) {
        if (mkdirat(to, name, 0700) < 0) return -1;
        const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        int source = openat(from, name, flags), target = openat(to, name, flags);
        int failed = source < 0 || target < 0 || oci_copy_up(source, target) < 0;
        close_fd(&source);
        close_fd(&target);
        if (failed) return -1;
    } else if (S_ISREG(info->st_mode)) {
        int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        int target = openat(to, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        ssize_t sent = source < 0 || target < 0 ? -1 : 1;
        while (sent > 0) sent = sendfile(target, source, NULL, 1 << 20);
        close_fd(&source);
        close_fd(&target);
        if (sent < 0) return -1;
    } else if (mknodat(to, name, info->st_mode, info->st_rdev) < 0) return errno == EPERM ? 0 : -1;
    if (fchownat(to, name, info->st_uid, info->st_gid, AT_SYMLINK_NOFOLLOW) < 0) return -1;
    return S_ISLNK(info->st_mode) ? 0 : fchmodat(to, name, info->st_mode & 07777, 0);
}

int oci_copy_up(int from, int to) {
    DIR *directory = fdopendir(fcntl(from, F_DUPFD_CLOEXEC, 3));
    if (!directory) return -1;
    int failed = 0;
    for (struct dirent *entry; !failed && (entry = readdir(directory));) {
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        failed = fstatat(from, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0 || copy_one(from, to, entry->d_name, &info) < 0;
    }
    int saved = errno;
    closedir(directory);
    errno = saved;
    return failed ? -1 : 0;
}
