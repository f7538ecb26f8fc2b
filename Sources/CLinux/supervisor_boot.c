// From exec to a node: namespaces, private root, cgroup view, socket. Reports over the status socket.
#include "supervisor_internal.h"
#include "syscalls.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

struct node node;

struct boot {
    const char *root, *run, *state, *hostname, *build;
    struct { const char *source, *target; uint64_t flags; int tree; } binds[32];
    struct { const char *options, *enter, *leaf; } hierarchies[MAXIMUM_HIERARCHIES];
    int bind_count, hierarchy_count;
    uint64_t flags, owner;
};
static struct boot boot;

static void tell(uint32_t kind, const char *step, const char *path) {
    struct kd_boot_status status = { .kind = kind, .error = kind == KD_BOOT_FAILED ? errno : 0 };
    snprintf(status.step, sizeof status.step, "%s", step);
    snprintf(status.path, sizeof status.path, "%s", path ? path : "");
    send(KD_BOOT_STATUS_FD, &status, sizeof status, MSG_NOSIGNAL);
}

static void check(int result, const char *step, const char *path) {
    if (result >= 0) return;
    tell(KD_BOOT_FAILED, step, path);
    _exit(1);
}

static void malformed(void) {
    errno = EBADMSG;
    check(-1, "read the boot plan", NULL);
}

static void read_bind(struct kd_cursor cursor) {
    struct kd_field field;
    int more, i = boot.bind_count++;
    if (i == 32) malformed();
    while ((more = kd_next(&cursor, &field)) > 0) {
        if (field.tag == KD_SOURCE) boot.binds[i].source = kd_text(&field);
        else if (field.tag == KD_TARGET) boot.binds[i].target = kd_text(&field);
        else if (field.tag != KD_FLAGS || kd_number(&field, &boot.binds[i].flags) < 0) malformed();
    }
    if (more < 0 || !boot.binds[i].source || !boot.binds[i].target) malformed();
}

static void read_hierarchy(struct kd_cursor cursor) {
    struct kd_field field;
    int more, i = boot.hierarchy_count++;
    if (i == MAXIMUM_HIERARCHIES) malformed();
    while ((more = kd_next(&cursor, &field)) > 0) {
        if (field.tag == KD_OPTIONS) boot.hierarchies[i].options = kd_text(&field);
        else if (field.tag == KD_ENTER) boot.hierarchies[i].enter = kd_text(&field);
        else if (field.tag == KD_LEAF) boot.hierarchies[i].leaf = kd_text(&field);
        else malformed();
    }
    if (more < 0 || !boot.hierarchies[i].options || !boot.hierarchies[i].enter || !boot.hierarchies[i].leaf) malformed();
}

static void read_boot(void) {
    struct stat info;
    check(fstat(KD_BOOT_FD, &info), "read the boot plan", NULL);
    if (info.st_size <= 0 || info.st_size > KD_PLAN_LIMIT) malformed();
    uint8_t *bytes = malloc((size_t)info.st_size);  // lives as long as the process
    if (!bytes || pread(KD_BOOT_FD, bytes, (size_t)info.st_size, 0) != info.st_size) malformed();
    struct kd_cursor cursor = { bytes, bytes + info.st_size };
    struct kd_field field;
    int more;
    while ((more = kd_next(&cursor, &field)) > 0) {
        struct kd_cursor inner = { field.bytes, field.bytes + field.size };
        switch (field.tag) {
        case KD_ROOT: boot.root = kd_text(&field); break;
        case KD_RUN: boot.run = kd_text(&field); break;
        case KD_STATE: boot.state = kd_text(&field); break;
        case KD_HOSTNAME: boot.hostname = kd_text(&field); break;
        case KD_BUILD: boot.build = kd_text(&field); break;
        case KD_FLAGS: if (kd_number(&field, &boot.flags) < 0) malformed(); break;
        case KD_OWNER: if (kd_number(&field, &boot.owner) < 0) malformed(); break;
        case KD_BIND: read_bind(inner); break;
        case KD_HIERARCHY: read_hierarchy(inner); break;
        default: malformed();
        }
    }
    if (more < 0 || !boot.root || !boot.run || !boot.state || !boot.hostname || !boot.build || strlen(boot.build) >= BUILD_LIMIT) malformed();
    strcpy(node.build, boot.build);
    close(KD_BOOT_FD);
}

// The first part of a rootless start: a user namespace whose maps the daemon writes, then everything else inside it.
static void enter_user_namespace(void) {
    check(unshare(CLONE_NEWUSER), "make a user namespace", NULL);
    tell(KD_BOOT_NEEDS_MAP, "", NULL);
    char answer;
    if (recv(KD_BOOT_STATUS_FD, &answer, 1, 0) != 1) _exit(1);
    check(setresgid(0, 0, 0), "become the namespace's group", NULL);
    check(setresuid(0, 0, 0), "become the namespace's user", NULL);
    check(unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC), "make namespaces", NULL);
    pid_t child = fork();
    check(child, "fork", NULL);
    if (child) _exit(0);
}

static void write_path(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    check(fd, "open", path);
    check((int)write(fd, text, strlen(text)), "enter the cgroup", path);
    close(fd);
}

// The namespace's root is the node's cgroup; the supervisor itself then moves to a leaf of it.
static void enter_cgroups(void) {
    for (int i = 0; i < boot.hierarchy_count; i++) write_path(boot.hierarchies[i].enter, "0");
    if (boot.hierarchy_count) check(unshare(CLONE_NEWCGROUP), "make a cgroup namespace", NULL);
    for (int i = 0; i < boot.hierarchy_count; i++) write_path(boot.hierarchies[i].leaf, "0");
}

static void listen_for_daemon(void) {
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "supervisor.sock" };
    check(chdir(boot.run), "enter", boot.run);
    unlink(address.sun_path);
    node.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    umask(0177);
    check(node.listener, "make a socket", boot.run);
    check(bind(node.listener, (struct sockaddr *)&address, sizeof address), "bind the socket", boot.run);
    umask(0);
}

static void open_journal(void) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/journal", boot.state);
    // The daemon has read what an earlier supervisor left; this one starts its own.
    node.journal = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    check(node.journal, "open", path);
    snprintf(path, sizeof path, "%s/supervisor.log", boot.state);
    int log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log >= 0) { dup2(log, 2); close(log); }
}

static int place(int root, const char *path) {
    int target = make_in(root, path, MAKE_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
    check(target, "prepare the node's", path);
    return target;
}

static void mount_at(int root, const char *path, const char *type, unsigned attributes, const char *const *options) {
    int target = place(root, path), mount = make_filesystem(type, attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, options);
    check(mount, "mount the node's", path);
    check(attach(mount, target), "attach the node's", path);
    close(mount);
    close(target);
}

static void build_root(void) {
    const char *plain[] = { "mode", "755", NULL }, *shared[] = { "mode", "1777", NULL };
    for (int i = 0; i < boot.bind_count; i++)
        check(boot.binds[i].tree = clone_tree(AT_FDCWD, boot.binds[i].source, false), "copy the mount of", boot.binds[i].source);
    int tree = clone_tree(AT_FDCWD, boot.root, false), target = open(boot.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    check(tree, "copy the mount of", boot.root);
    check(target, "open", boot.root);
    check(attach(tree, target), "mount the node's root", boot.root);
    int root = tree;  // the descriptor of the mount is that of its root
    mount_at(root, "proc", "proc", MOUNT_ATTR_NOEXEC, NULL);
    node.proc = open_in(root, "proc", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
    check(node.proc, "open", "/proc");
    mount_at(root, "sys", "sysfs", MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, NULL);
    int dev = mount_devices(place(root, "dev"));
    check(dev, "mount the node's", "/dev");
    check(mount_terminals(dev, !node.rootless), "mount the node's", "/dev/pts");
    node.dev_null = openat(dev, "null", O_RDWR | O_CLOEXEC);
    check(node.dev_null, "open", "/dev/null");
    close(dev);
    mount_at(root, "tmp", "tmpfs", 0, shared);
    mount_at(root, "run", "tmpfs", 0, plain);
    place(root, "etc");
    node.staging = place(root, "run/.kdash");
    // "root" is where containers put their roots; "base" lies below every image and has the directories that all need,
    // so that they are not made anew on the disk for each container.
    const char *directories[] = { "root", "base", "base/proc", "base/sys", "base/dev" };
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        check(mkdirat(node.staging, directories[i], 0755), "make below /run/.kdash", directories[i]);
    if (boot.hierarchy_count) {
        int cgroups = open_in(root, "sys/fs/cgroup", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
        check(cgroups, "open", "/sys/fs/cgroup");
        check(mount_cgroups(cgroups, false), "mount the node's", "/sys/fs/cgroup");
        close(cgroups);
    }
    for (int i = 0; i < boot.bind_count; i++) {
        int at = place(root, boot.binds[i].target);
        if (boot.binds[i].flags & KD_MOUNT_READ_ONLY) check(set_attributes(boot.binds[i].tree, false, MOUNT_ATTR_RDONLY, 0), "make read-only", boot.binds[i].target);
        check(attach(boot.binds[i].tree, at), "bind", boot.binds[i].target);
        close(boot.binds[i].tree);
        close(at);
    }
    check(enter_root(root), "enter the node's root", boot.root);
    close(root);
    close(target);
    // Containers with mount propagation share with the node, and with nothing beyond it.
    check(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), "share the node's mounts", NULL);
}

static void open_hierarchies(void) {
    node.hierarchy_count = boot.hierarchy_count;
    for (int i = 0; i < boot.hierarchy_count; i++) {
        const char *name = boot.hierarchies[i].options;
        char path[160];
        if (node.cgroup2) snprintf(path, sizeof path, "/sys/fs/cgroup");
        else snprintf(path, sizeof path, "/sys/fs/cgroup/%s", strncmp(name, "name=", 5) == 0 ? name + 5 : name);
        node.hierarchies[i].fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        check(node.hierarchies[i].fd, "open", path);
        node.hierarchies[i].counts_memory = node.cgroup2 || strcmp(name, "memory") == 0;
    }
}

static int own_namespace(const char *name) {
    char path[32];
    snprintf(path, sizeof path, "self/ns/%s", name);
    int fd = openat(node.proc, path, O_RDONLY | O_CLOEXEC);
    check(fd, "open a namespace", name);
    return fd;
}

void conceal(void) {
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_NAME, "kdash-node");
}

void node_boot(void) {
    fcntl(KD_BOOT_STATUS_FD, F_SETFD, FD_CLOEXEC);
    read_boot();
    node.rootless = boot.flags & KD_BOOT_ROOTLESS;
    node.cgroup2 = boot.flags & KD_BOOT_CGROUP2;
    node.owner = node.rootless ? 0 : (uint32_t)boot.owner;
    umask(0);
    if (node.rootless) enter_user_namespace();
    // Set late: the maps of a user namespace can only be written while the process may be looked at.
    conceal();
    kd_raise_open_files();
    enter_cgroups();
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make mounts private", NULL);
    open_journal();
    listen_for_daemon();
    check(sethostname(boot.hostname, strlen(boot.hostname)), "set the host name", boot.hostname);
    build_root();
    open_hierarchies();
    node.pid_namespace = own_namespace("pid");
    node.network_namespace = own_namespace("net");
    node.uts_namespace = own_namespace("uts");
    node.ipc_namespace = own_namespace("ipc");
    raise_loopback();
    if (read_in(node.proc, "sys/kernel/random/uuid", node.boot_id, sizeof node.boot_id) < 36) check(-1, "make a boot id", NULL);
    node.boot_id[36] = 0;
    check(listen(node.listener, 8), "listen", NULL);
    tell(KD_BOOT_READY, "", NULL);
    close(KD_BOOT_STATUS_FD);
}
