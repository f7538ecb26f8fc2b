// What the supervisor keeps: sandboxes, containers and execs.
#include "supervisor_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct entry *entries[MAXIMUM_ENTRIES];
int entry_limit;
struct sandbox *sandboxes[MAXIMUM_ENTRIES];
int sandbox_limit;

void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

int64_t wall_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void control(int operation, int fd, uint32_t events, uint64_t what, int slot) {
    struct epoll_event event = { .events = events, .data.u64 = what << 56 | (uint64_t)(uint32_t)slot << 24 | (uint64_t)(uint32_t)fd };
    epoll_ctl(node.epoll, operation, fd, &event);
}

void watch(int fd, uint32_t events, uint64_t what, int slot) { control(EPOLL_CTL_ADD, fd, events, what, slot); }
void watch_again(int fd, uint32_t events, uint64_t what, int slot) { control(EPOLL_CTL_MOD, fd, events, what, slot); }

struct entry *entry_find(const char *id) {
    for (int i = 0; id && i < entry_limit; i++)
        if (entries[i] && strcmp(entries[i]->id, id) == 0) return entries[i];
    return NULL;
}

struct entry *entry_add(enum entry_kind kind, const char *id, const char *sandbox) {
    int slot = 0;
    while (slot < entry_limit && entries[slot]) slot++;
    if (slot == MAXIMUM_ENTRIES) { errno = ENOSPC; return NULL; }
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) return NULL;
    *entry = (struct entry) {
        .kind = kind, .state = KD_STATE_STARTING, .pidfd = -1, .sync = -1, .cgroup_fd = -1, .input = -1, .terminal = -1, .client = -1,
        .streams = { { .fd = -1, .name = "stdout" }, { .fd = -1, .name = "stderr" } }, .log = { .directory = -1, .file = -1 },
    };
    strcpy(entry->id, id);
    strcpy(entry->sandbox, sandbox);
    entries[slot] = entry;
    if (slot == entry_limit) entry_limit++;
    return entry;
}

void entry_free(struct entry *entry) {
    for (int i = 0; i < 2; i++) stream_finish(&entry->streams[i], &entry->log);
    log_close(&entry->log);
    close_fd(&entry->pidfd);
    close_fd(&entry->sync);
    close_fd(&entry->cgroup_fd);
    close_fd(&entry->input);
    close_fd(&entry->terminal);
    for (int i = 0; i < entry_limit; i++)
        if (entries[i] == entry) entries[i] = NULL;
    free(entry);
}

struct sandbox *sandbox_find(const char *id) {
    for (int i = 0; id && i < sandbox_limit; i++)
        if (sandboxes[i] && strcmp(sandboxes[i]->id, id) == 0) return sandboxes[i];
    return NULL;
}

// Going home cannot be refused but for a moment's lack of memory; a supervisor in a pod's namespaces would be a hole.
static void return_home(int fd, int type) {
    for (int i = 0; setns(fd, type) < 0; i++)
        if (i == 1000) abort();
}

int socket_in(int network, int domain, int type, int protocol) {
    if (network >= 0 && setns(network, CLONE_NEWNET) < 0) return -1;
    int fd = socket(domain, type | SOCK_CLOEXEC, protocol), saved = errno;
    if (network >= 0) return_home(node.network_namespace, CLONE_NEWNET);
    errno = saved;
    return fd;
}

// `fresh`: the namespaces that were made for the sandbox. What the others hold is the node's.
static int write_sysctl(const char *pair, int fresh) {
    char path[256] = "sys/";
    const char *equals = strchr(pair, '=');
    size_t length = equals ? (size_t)(equals - pair) : 0;
    if (!length || length > 200) { errno = EINVAL; return -1; }
    for (size_t i = 0; i < length; i++) path[4 + i] = pair[i] == '.' ? '/' : pair[i];
    path[4 + length] = 0;
    // Only what a namespace owns: everything else would be the machine's.
    static const struct { const char *prefix; int space; } own[] = {
        { "sys/net/", CLONE_NEWNET }, { "sys/kernel/shm", CLONE_NEWIPC }, { "sys/kernel/msg", CLONE_NEWIPC }, { "sys/kernel/sem", CLONE_NEWIPC },
        { "sys/fs/mqueue/", CLONE_NEWIPC },
    };
    bool allowed = false;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        allowed |= fresh & own[i].space && strncmp(path, own[i].prefix, strlen(own[i].prefix)) == 0;
    if (!allowed || strstr(path, "//") || strstr(path, "/../")) { errno = EPERM; return -1; }
    return write_in(node.proc, path, equals + 1);
}

static pid_t start_pause(void) {
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) pause_main();
    return pid;
}

int namespace_of(const char *process, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "%s/ns/%s", process, name);
    return openat(node.proc, path, O_RDONLY | O_CLOEXEC);
}

int sandbox_settle(int fresh, const char *hostname, char *const *sysctls) {
    if (fresh & CLONE_NEWUTS && sethostname(hostname, strlen(hostname)) < 0) return -1;
    if (fresh & CLONE_NEWNET) raise_loopback();
    for (; *sysctls; sysctls++)
        if (write_sysctl(*sysctls, fresh) < 0) return -1;
    return 0;
}

static int enter_new(const struct sandbox *sandbox, const char *hostname, char *const *sysctls) {
    int flags = (sandbox->flags & KD_SANDBOX_HOST_NETWORK ? 0 : CLONE_NEWNET | CLONE_NEWUTS) | (sandbox->flags & KD_SANDBOX_HOST_IPC ? 0 : CLONE_NEWIPC);
    if (flags && unshare(flags) < 0) return -1;
    return sandbox_settle(flags, hostname, sysctls);
}

// Opens what this process has got by enter_new, and goes home.
static int take_new(struct sandbox *sandbox, const char *hostname, char *const *sysctls) {
    int error = enter_new(sandbox, hostname, sysctls) < 0 ? errno : 0;
    if (!error && !(sandbox->flags & KD_SANDBOX_HOST_NETWORK)) {
        sandbox->network = namespace_of("self", "net");
        sandbox->uts = namespace_of("self", "uts");
        if (sandbox->network < 0 || sandbox->uts < 0) error = errno;
    }
    if (!error && !(sandbox->flags & KD_SANDBOX_HOST_IPC) && (sandbox->ipc = namespace_of("self", "ipc")) < 0) error = errno;
    return_home(node.network_namespace, CLONE_NEWNET);
    return_home(node.uts_namespace, CLONE_NEWUTS);
    return_home(node.ipc_namespace, CLONE_NEWIPC);
    if (!error && sandbox->flags & KD_SANDBOX_SHARED_PID) {
        sandbox->pause = start_pause();
        char process[16];
        snprintf(process, sizeof process, "%d", sandbox->pause);
        if (sandbox->pause < 0 || (sandbox->pid = namespace_of(process, "pid")) < 0) error = errno;
    }
    return error;
}

struct sandbox *sandbox_add(void) {
    int slot = 0;
    while (slot < sandbox_limit && sandboxes[slot]) slot++;
    struct sandbox *sandbox = slot < MAXIMUM_ENTRIES ? calloc(1, sizeof *sandbox) : NULL;
    if (!sandbox) return NULL;
    *sandbox = (struct sandbox) { .network = -1, .uts = -1, .ipc = -1, .pid = -1, .users = -1 };
    sandboxes[slot] = sandbox;
    if (slot == sandbox_limit) sandbox_limit++;
    return sandbox;
}

int sandbox_create(const char *id, const char *hostname, uint64_t flags, char *const *sysctls, uint32_t first_user, uint32_t user_count,
    struct sandbox **created, const char **step) {
    struct sandbox *sandbox = sandbox_add();
    if (!sandbox) return ENOMEM;
    sandbox->flags = flags;
    strcpy(sandbox->id, id);
    sandbox->first_user = first_user;
    int error = user_count ? users_create(sandbox, hostname, sysctls, user_count, step) : take_new(sandbox, hostname, sysctls);
    if (error) {
        sandbox_remove(sandbox);
        return error;
    }
    *created = sandbox;
    return 0;
}

int sandbox_remove(struct sandbox *sandbox) {
    for (int i = 0; i < entry_limit; i++) {
        const struct entry *entry = entries[i];
        // A start that failed holds its namespaces itself, until the process has died of it.
        bool is_over = entry && (entry->state == KD_STATE_EXITED || (entry->state == KD_STATE_STARTING && entry->failed));
        if (entry && !is_over && strcmp(entry->sandbox, sandbox->id) == 0) return EBUSY;
    }
    if (sandbox->pause > 0) kill(sandbox->pause, SIGKILL);
    close_fd(&sandbox->network);
    close_fd(&sandbox->uts);
    close_fd(&sandbox->ipc);
    close_fd(&sandbox->pid);
    close_fd(&sandbox->users);
    for (int i = 0; i < sandbox_limit; i++)
        if (sandboxes[i] == sandbox) sandboxes[i] = NULL;
    free(sandbox);
    return 0;
}

uint64_t start_ticks(pid_t pid) {
    char path[32], text[1024];
    snprintf(path, sizeof path, "%d/stat", pid);
    if (read_in(node.proc, path, text, sizeof text) <= 0) return 0;
    char *at = strrchr(text, ')');  // the name before it may contain anything
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

// --- cgroups of entries

uint64_t oom_counter(int cgroup_fd) {
    char text[1024];
    if (cgroup_fd < 0 || read_in(cgroup_fd, node.cgroup2 ? "memory.events" : "memory.oom_control", text, sizeof text) <= 0) return 0;
    for (char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, "oom_kill ", 9) == 0) return strtoull(line + 9, NULL, 10);
    return 0;
}

static int kill_listed(int cgroup_fd) {
    int fd = openat(cgroup_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC), found = 0;
    if (fd < 0) return 0;
    FILE *file = fdopen(fd, "r");
    if (!file) { close(fd); return 0; }
    for (int pid; fscanf(file, "%d", &pid) == 1;)
        // 0: a process that this namespace cannot see; never a target.
        if (pid > 1) { kill(pid, SIGKILL); found++; }
    fclose(file);
    return found;
}

static void set_freezer(const struct entry *entry, const char *state) {
    char path[320];
    snprintf(path, sizeof path, "%s/freezer.state", entry->cgroup);
    for (int i = 0; i < node.hierarchy_count; i++) write_in(node.hierarchies[i].fd, path, state);
}

static const char *quota_file(void) { return node.cgroup2 ? "cpu.max" : "cpu.cfs_quota_us"; }
static const char *unbounded(void) { return node.cgroup2 ? "max" : "-1"; }
static bool is_unbounded(const char *quota) { return strncmp(quota, unbounded(), strlen(unbounded())) == 0; }

static void pod_quota_path(const struct entry *entry, char *path, size_t size) {
    const char *end = strrchr(entry->cgroup, '/');
    snprintf(path, size, "%.*s/%s", end ? (int)(end - entry->cgroup) : 0, entry->cgroup, quota_file());
}

// Dying costs processor time, too: what may use little of it would take minutes to go with everything it has forked.
static void lift_quota(struct entry *entry) {
    char own[320], pod[320], text[32];
    snprintf(own, sizeof own, "%s/%s", entry->cgroup, quota_file());
    pod_quota_path(entry, pod, sizeof pod);
    entry->quota_lifted = true;
    for (int i = 0; i < node.hierarchy_count; i++) {
        if (read_in(node.hierarchies[i].fd, pod, text, sizeof text) > 0 && !is_unbounded(text) && write_in(node.hierarchies[i].fd, pod, unbounded()) == 0)
            memcpy(entry->pod_quota, text, sizeof text);
        write_in(node.hierarchies[i].fd, own, unbounded());
    }
}

void restore_quota(struct entry *entry) {
    char pod[320], other[320], text[32];
    entry->quota_lifted = false;
    if (!entry->pod_quota[0]) return;
    pod_quota_path(entry, pod, sizeof pod);
    // Another container of the pod that dies still needs what was lifted, and gives it back in turn.
    for (int i = 0; i < entry_limit; i++) {
        if (!entries[i] || entries[i] == entry || !entries[i]->quota_lifted) continue;
        pod_quota_path(entries[i], other, sizeof other);
        if (strcmp(pod, other) != 0) continue;
        memcpy(entries[i]->pod_quota, entry->pod_quota, sizeof entry->pod_quota);
        entry->pod_quota[0] = 0;
        return;
    }
    // What was set meanwhile counts.
    for (int i = 0; i < node.hierarchy_count; i++)
        if (read_in(node.hierarchies[i].fd, pod, text, sizeof text) > 0 && is_unbounded(text)) write_in(node.hierarchies[i].fd, pod, entry->pod_quota);
    entry->pod_quota[0] = 0;
}

void kill_cgroup(struct entry *entry) {
    char text[256];
    if (entry->cgroup_fd < 0) return;
    if (node.cgroup2 ? read_in(entry->cgroup_fd, "cgroup.events", text, sizeof text) > 0 && strstr(text, "populated 0")
                     : read_in(entry->cgroup_fd, "cgroup.procs", text, sizeof text) == 0) return;
    lift_quota(entry);
    if (node.cgroup2) {
        int fd = openat(entry->cgroup_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
        bool killed = fd >= 0 && write(fd, "1", 1) == 1;
        if (fd >= 0) close(fd);
        if (killed) return;
    }
    // What is frozen has no further children: else a program that forks without end would outrun this. Only the freezer has the file.
    set_freezer(entry, "FROZEN");
    // Dying processes stay listed until they are reaped, so emptiness is not the condition to wait for.
    for (int round = 0; round < 5 && kill_listed(entry->cgroup_fd); round++) sched_yield();
    set_freezer(entry, "THAWED");
}
