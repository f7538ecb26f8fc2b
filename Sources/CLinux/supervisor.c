// The node supervisor's loop: requests of the daemon, output and ends of containers.
#include "supervisor_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <linux/netlink.h>
#include <unistd.h>

enum source { FROM_LISTENER = 1, FROM_CLIENT, FROM_SIGNALS, FROM_OUTPUT, FROM_ERRORS, FROM_TERMINAL, FROM_SYNC, FROM_TAP };

// --- writing messages

struct message { uint8_t bytes[KD_MESSAGE_LIMIT]; size_t size; int fds[KD_FDS_LIMIT], fd_count; };
static struct message out;

static void begin(uint16_t operation, uint64_t request, int error) {
    struct kd_header header = { KD_MAGIC, KD_VERSION, operation, request, error, 0 };
    memcpy(out.bytes, &header, sizeof header);
    out.size = sizeof header;
    out.fd_count = 0;
}

// False when the message is full.
static bool put(uint32_t tag, const void *bytes, size_t size) {
    struct kd_field_header header = { tag, (uint32_t)size };
    size_t padded = (size + 7) & ~(size_t)7;
    if (out.size + sizeof header + padded > sizeof out.bytes) return false;
    memcpy(out.bytes + out.size, &header, sizeof header);
    memset(out.bytes + out.size + sizeof header, 0, padded);
    memcpy(out.bytes + out.size + sizeof header, bytes, size);
    out.size += sizeof header + padded;
    return true;
}

static bool put_text(uint32_t tag, const char *text) { return put(tag, text, strlen(text) + 1); }
static bool put_number(uint32_t tag, uint64_t number) { return put(tag, &number, sizeof number); }
static void put_fd(int fd) { out.fds[out.fd_count++] = fd; }

static void read_sync(struct entry *entry, int slot);

static void kill_processes(struct entry *entry) {
    if (entry->pidfd >= 0) syscall(SYS_pidfd_send_signal, entry->pidfd, SIGKILL, NULL, 0);
    if (entry->kind == CONTAINER) kill_cgroup(entry);
}

// What a daemon has not heard of as started, none will look for: it ends untold. Here it stays until it is reaped, as callers may be
// at work with it.
static void drop_client(int client) {
    close_fd(&node.clients[client]);
    for (int i = 0; i < entry_limit; i++) {
        struct entry *entry = entries[i];
        if (!entry || entry->client != client) continue;
        entry->client = -1;
        if (entry->state != KD_STATE_STARTING || entry->failed || entry->pid <= 0) continue;
        read_sync(entry, i);  // it may run by now, which a returning daemon sees in the list
        if (entry->state != KD_STATE_STARTING) continue;
        entry->failed = true;
        kill_processes(entry);
    }
}

static void finish_to(int client) {
    uint32_t size = (uint32_t)out.size;
    memcpy(out.bytes + offsetof(struct kd_header, size), &size, sizeof size);
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int) * KD_FDS_LIMIT)]; } control = { 0 };
    struct iovec data = { out.bytes, out.size };
    struct msghdr packet = { .msg_iov = &data, .msg_iovlen = 1 };
    if (out.fd_count) {
        size_t length = sizeof(int) * (size_t)out.fd_count;
        control.header = (struct cmsghdr) { CMSG_LEN(length), SOL_SOCKET, SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), out.fds, length);
        packet.msg_control = control.space;
        packet.msg_controllen = CMSG_SPACE(length);
    }
    // A daemon that does not read is cut off; it finds everything again when it returns.
    if (client >= 0 && node.clients[client] >= 0 && sendmsg(node.clients[client], &packet, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) drop_client(client);
}

static void fail_to(int client, uint16_t operation, uint64_t request, int error, const char *step, const char *path) {
    begin(operation, request, error);
    put_text(KD_STEP, step);
    put_text(KD_PATH, path ? path : "");
    finish_to(client);
}

static bool put_entry(const struct entry *entry) {
    size_t start = out.size;
    struct kd_field_header header = { KD_CONTAINER, 0 };
    if (start + 512 > sizeof out.bytes) return false;
    out.size += sizeof header;
    put_text(KD_ID, entry->id);
    put_text(KD_SANDBOX, entry->sandbox);
    put_number(KD_FLAGS, (uint64_t)entry->state);
    put_number(KD_PID, (uint64_t)entry->pid);
    put_number(KD_STARTED, (uint64_t)entry->started);
    put_number(KD_FINISHED, (uint64_t)entry->finished);
    put_number(KD_STATUS, (uint64_t)entry->status);
    put_number(KD_OOM_KILLS, entry->oom_kills);
    header.size = (uint32_t)(out.size - start - sizeof header);
    memcpy(out.bytes + start, &header, sizeof header);
    return true;
}

static void report_exit(const struct entry *entry, int client) {
    begin(KD_OP_EXITED, 0, 0);
    put_entry(entry);
    finish_to(client);
}

// --- ends of containers

static void answer_start(struct entry *entry) {
    begin(entry->kind == EXEC ? KD_OP_EXEC : KD_OP_START, entry->request, 0);
    put_number(KD_STARTED, (uint64_t)entry->started);
    put_fd(entry->pidfd);
    if (entry->kind == EXEC && entry->terminal >= 0) put_fd(entry->terminal);
    finish_to(entry->client);
    if (entry->kind == EXEC) close_fd(&entry->terminal);
    else entry->client = -1;
}

static void mark_running(struct entry *entry) {
    entry->state = KD_STATE_RUNNING;
    entry->started = wall_clock();
    entry->start_ticks = start_ticks(entry->pid);
    journal(KD_JOURNAL_STARTED, entry);
    answer_start(entry);
}

static void receive_terminal(struct entry *entry, int fd, int slot) {
    entry->terminal = fd;
    if (entry->kind == EXEC) return;
    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
    watch(fd, EPOLLIN | EPOLLET, FROM_TERMINAL, slot);
}

// The child's reports: ready, failed, a terminal; the end of the socket after "ready" is the exec itself.
static void read_sync(struct entry *entry, int slot) {
    while (entry->sync >= 0) {
        struct failure message;
        struct iovec data = { &message, sizeof message };
        union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
        struct msghdr packet = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
        ssize_t got = recvmsg(entry->sync, &packet, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) {
            close_fd(&entry->sync);
            if (entry->ready && !entry->failed) mark_running(entry);
            return;
        }
        int fd = -1;
        struct cmsghdr *header = CMSG_FIRSTHDR(&packet);
        if (header && header->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(header), sizeof fd);
        if (got != sizeof message) { close_fd(&fd); continue; }
        if (message.type == SYNC_TERMINAL && fd >= 0 && entry->terminal < 0) receive_terminal(entry, fd, slot);
        else if (message.type == SYNC_MOVED && fd >= 0) {
            close_fd(&entry->pidfd);
            entry->pidfd = fd;
            entry->pid = message.error;
        } else close_fd(&fd);
        if (message.type == SYNC_READY) entry->ready = true;
        if (message.type == SYNC_FAILED && !entry->failed) {
            entry->failed = true;
            message.step[sizeof message.step - 1] = message.path[sizeof message.path - 1] = 0;
            fail_to(entry->client, entry->kind == EXEC ? KD_OP_EXEC : KD_OP_START, entry->request, message.error ? message.error : EIO, message.step, message.path);
            entry->client = -1;
        }
    }
}

static void collect(struct entry *entry, int slot, int status) {
    pid_t pid = entry->pid;
    read_sync(entry, slot);
    if (entry->pid != pid) return;  // it has only prepared the process that goes on
    entry->finished = wall_clock();
    entry->status = status;
    if (entry->state == KD_STATE_STARTING) {
        if (!entry->failed) fail_to(entry->client, entry->kind == EXEC ? KD_OP_EXEC : KD_OP_START, entry->request, ECANCELED, "prepare: ended by a signal", "");
        restore_quota(entry);
        entry_free(entry);
        return;
    }
    if (entry->kind == CONTAINER) {
        kill_cgroup(entry);
        restore_quota(entry);
        uint64_t kills = oom_counter(entry->cgroup_fd);
        entry->oom_kills = kills > entry->oom_before ? kills - entry->oom_before : 0;
        for (int i = 0; i < 2; i++) {
            if (entry->streams[i].fd < 0) continue;
            stream_drain(&entry->streams[i], &entry->log, true);
            stream_finish(&entry->streams[i], &entry->log);
        }
        if (entry->terminal >= 0) {
            struct stream *stream = &entry->streams[0];
            stream->fd = entry->terminal;
            entry->terminal = -1;
            stream_drain(stream, &entry->log, true);
            stream_finish(stream, &entry->log);
        }
        log_close(&entry->log);
        close_fd(&entry->input);
        close_fd(&entry->cgroup_fd);
        close_fd(&entry->pidfd);
    }
    entry->ended = true;
    journal(KD_JOURNAL_EXITED, entry);
}

// The living entry of a process; -1: none, or an orphan of the node's.
static int slot_of(pid_t pid) {
    for (int i = 0; i < entry_limit; i++)
        if (entries[i] && entries[i]->pid == pid && !entries[i]->ended) return i;
    return -1;
}

static bool collect_process(pid_t pid, int status) {
    int slot = slot_of(pid);
    if (slot < 0) {
        // The news that an entry has another process was sent before that process ran, and may still be unread.
        for (int i = 0; i < entry_limit; i++)
            if (entries[i] && entries[i]->state == KD_STATE_STARTING) read_sync(entries[i], i);
        slot = slot_of(pid);
    }
    if (slot >= 0) collect(entries[slot], slot, status);
    return slot >= 0;
}

static void reap(void) {
    bool any = false;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) any |= collect_process(pid, status);
    if (!any) return;
    journal_commit();  // once for all that ended together, before anybody hears of it
    for (int i = 0; i < entry_limit; i++) {
        struct entry *entry = entries[i];
        if (!entry || !entry->ended || entry->state == KD_STATE_EXITED) continue;
        entry->state = KD_STATE_EXITED;
        if (entry->kind == EXEC) {
            report_exit(entry, entry->client);
            entry_free(entry);
            continue;
        }
        for (int client = 0; client < MAXIMUM_CLIENTS; client++)
            if (node.clients[client] >= 0) report_exit(entry, client);
    }
}

// --- requests

struct request {
    int client;
    struct kd_header header;
    const char *id, *sandbox, *hostname, *build, *sysctls[65];
    int sysctl_count;
    uint64_t flags, index, number, terminal, domain, type, users, count;
    int fds[KD_FDS_LIMIT], fd_count;
};

static void reply_error(const struct request *request, int error, const char *step) {
    fail_to(request->client, request->header.operation, request->header.request, error, step, request->id);
}

static void reply_done(const struct request *request) {
    begin(request->header.operation, request->header.request, 0);
    finish_to(request->client);
}

static void reply_fds(const struct request *request, int first, int second) {
    begin(request->header.operation, request->header.request, 0);
    put_text(KD_BOOT_ID, node.boot_id);
    put_text(KD_BUILD, node.build);
    if (first >= 0) put_fd(first);
    if (second >= 0) put_fd(second);
    finish_to(request->client);
}

// `sandbox` NULL: the node itself.
static void reply_handles(const struct request *request, const struct sandbox *sandbox) {
    int network = sandbox ? sandbox->network : -1, netlink = socket_in(network, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (netlink < 0) { reply_error(request, errno, "open a netlink socket"); return; }
    begin(request->header.operation, request->header.request, 0);
    if (sandbox && sandbox->users >= 0) put_number(KD_USERS, sandbox->first_user);
    put_fd(network >= 0 ? network : node.network_namespace);
    put_fd(netlink);
    finish_to(request->client);
    close(netlink);
}

static void hello(const struct request *request) {
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (pidfd < 0) { reply_error(request, errno, "open own process"); return; }
    reply_fds(request, pidfd, -1);
    close(pidfd);
    for (int i = 0; i < entry_limit; i++)
        if (entries[i] && entries[i]->kind == CONTAINER && entries[i]->state == KD_STATE_EXITED && !entries[i]->acknowledged)
            report_exit(entries[i], request->client);
}

static void create_sandbox(struct request *request) {
    if (!valid_id(request->id) || !request->hostname || strlen(request->hostname) > 64) { reply_error(request, EINVAL, "read the request"); return; }
    if (sandbox_find(request->id)) { reply_error(request, EEXIST, "create the sandbox"); return; }
    // Shared with the node's are namespaces only that its own users own.
    const uint64_t shared = KD_SANDBOX_HOST_NETWORK | KD_SANDBOX_HOST_IPC | KD_SANDBOX_HOST_PID;
    if (request->count && (node.rootless || request->flags & shared || request->users < 65536 || request->count > 1 << 24
            || request->users + request->count > UINT32_MAX)) {
        reply_error(request, node.rootless ? EPERM : EINVAL, "make a user namespace");
        return;
    }
    struct sandbox *sandbox = NULL;
    const char *step = "create the sandbox";
    int error = sandbox_create(request->id, request->hostname, request->flags, (char *const *)request->sysctls, (uint32_t)request->users,
        (uint32_t)request->count, &sandbox, &step);
    if (error) reply_error(request, error, step);
    else reply_handles(request, sandbox);
}

static int open_pipe(int *ours, int *theirs, bool reading) {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) < 0) return errno;
    *ours = pair[reading ? 0 : 1];
    *theirs = pair[reading ? 1 : 0];
    if (reading) {
        fcntl(*ours, F_SETFL, O_NONBLOCK);
        // Refused beyond a user's quota; the usual 64 KiB do as well.
        fcntl(*ours, F_SETPIPE_SZ, 1 << 20);
    }
    return 0;
}

static int open_entry_cgroup(struct entry *entry, const char *path) {
    strcpy(entry->cgroup, path);
    for (int i = 0; i < node.hierarchy_count; i++) {
        if (!node.hierarchies[i].counts_memory && i + 1 < node.hierarchy_count) continue;
        entry->cgroup_fd = open_in(node.hierarchies[i].fd, path, O_RDONLY | O_DIRECTORY, 0x08 | 0x04 /* BENEATH, NO_SYMLINKS */);
        if (entry->cgroup_fd < 0) return errno;
        entry->oom_before = oom_counter(entry->cgroup_fd);
        return 0;
    }
    return 0;
}

static void watch_entry(const struct entry *entry, int slot) {
    if (entry->sync >= 0) watch(entry->sync, EPOLLIN, FROM_SYNC, slot);
    for (int i = 0; i < 2; i++)
        if (entry->streams[i].fd >= 0) watch(entry->streams[i].fd, EPOLLIN, i ? FROM_ERRORS : FROM_OUTPUT, slot);
    // Edge-triggered: a terminal that nobody has open reports its hang-up for ever.
    if (entry->kind == CONTAINER && entry->terminal >= 0) watch(entry->terminal, EPOLLIN | EPOLLET, FROM_TERMINAL, slot);
}

static void launch(struct request *request, struct entry *entry, struct plan *plan, struct sandbox *sandbox, const struct entry *into, const int stdio[3]) {
    entry->client = request->client;
    entry->request = request->header.request;
    int error = start_process(entry, plan, sandbox, into, stdio);
    if (error) {
        reply_error(request, error, "clone");
        entry_free(entry);
        return;
    }
    for (int slot = 0; slot < entry_limit; slot++)
        if (entries[slot] == entry) watch_entry(entry, slot);
}

static int prepare_container(struct entry *entry, const struct plan *plan, int stdio[3], const char **step) {
    *step = "open the cgroup";
    int error = open_entry_cgroup(entry, plan->cgroup);
    if (!error && plan->log_path) {
        *step = "open the log";
        error = log_open(&entry->log, plan->log_path, plan->log_size, plan->log_files);
    }
    if (error || plan->flags & KD_HAS_TERMINAL) return error;
    *step = "open pipes";
    if (plan->flags & KD_HAS_INPUT) error = open_pipe(&entry->input, &stdio[0], false);
    for (int i = 0; i < 2 && !error; i++) error = open_pipe(&entry->streams[i].fd, &stdio[i + 1], true);
    return error;
}

static void start_container(struct request *request) {
    struct plan plan;
    int error = request->fd_count == 1 ? plan_read(request->fds[0], &plan) : EINVAL;
    if (error) { reply_error(request, error, "read the plan"); return; }
    struct sandbox *sandbox = sandbox_find(plan.sandbox);
    struct entry *entry = NULL, *processes = entry_find(plan.processes);
    const char *step = "start";
    int stdio[3] = { node.dev_null, node.dev_null, node.dev_null };
    request->id = plan.id;
    if (!sandbox) { error = ENOENT; step = "find the sandbox"; }
    else if (entry_find(plan.id)) error = EEXIST;
    else if (plan.processes && (!processes || processes->kind != CONTAINER || processes->state != KD_STATE_RUNNING || strcmp(processes->sandbox, plan.sandbox) != 0)) {
        error = ESRCH;
        step = "find the container whose processes to join";
    } else if (!plan.layer_count || !plan.upper || !plan.work) { error = EINVAL; step = "read the plan"; }
    else if (!(entry = entry_add(CONTAINER, plan.id, plan.sandbox))) error = errno;
    else error = prepare_container(entry, &plan, stdio, &step);
    if (error) {
        reply_error(request, error, step);
        if (entry) entry_free(entry);
    } else launch(request, entry, &plan, sandbox, processes, stdio);
    for (int i = 0; i < 3; i++)
        if (stdio[i] != node.dev_null) close(stdio[i]);
    plan_free(&plan);
}

static bool is_null(int fd) {
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
}

static void start_exec(struct request *request) {
    struct plan plan;
    int error = request->fd_count == 4 ? plan_read(request->fds[0], &plan) : EINVAL;
    if (error) { reply_error(request, error, "read the plan"); return; }
    struct entry *container = entry_find(plan.sandbox), *entry = NULL;  // an exec's sandbox is its container
    const char *step = "start";
    // The daemon's /dev/null is the machine's: a program could change its owner and mode.
    int stdio[3];
    for (int i = 0; i < 3; i++) stdio[i] = is_null(request->fds[i + 1]) ? node.dev_null : request->fds[i + 1];
    request->id = plan.id;
    if (!container || container->kind != CONTAINER) { error = ENOENT; step = "find the container"; }
    else if (container->state != KD_STATE_RUNNING) { error = ESRCH; step = "find the container"; }
    else if (entry_find(plan.id)) error = EEXIST;
    else if (!(entry = entry_add(EXEC, plan.id, plan.sandbox))) error = errno;
    else { step = "open the cgroup"; error = open_entry_cgroup(entry, plan.cgroup); }
    if (error) {
        reply_error(request, error, step);
        if (entry) entry_free(entry);
    } else launch(request, entry, &plan, NULL, container, stdio);
    plan_free(&plan);
}

static void list_entries(const struct request *request) {
    begin(request->header.operation, request->header.request, 0);
    uint64_t next = 0;
    for (uint64_t i = request->index; i < (uint64_t)entry_limit; i++) {
        if (!entries[i] || entries[i]->kind != CONTAINER || entries[i]->state == KD_STATE_STARTING) continue;
        if (out.size + 600 > sizeof out.bytes || !put_entry(entries[i])) { next = i; break; }
    }
    put_number(KD_INDEX, next);
    finish_to(request->client);
}

static void list_sandboxes(const struct request *request) {
    begin(request->header.operation, request->header.request, 0);
    uint64_t next = 0;
    for (uint64_t i = request->index; i < (uint64_t)sandbox_limit; i++) {
        if (!sandboxes[i]) continue;
        if (out.size + 200 > sizeof out.bytes || !put_text(KD_ID, sandboxes[i]->id)) { next = i; break; }
    }
    put_number(KD_INDEX, next);
    finish_to(request->client);
}

static void signal_entry(const struct request *request, struct entry *entry) {
    if (entry->state != KD_STATE_RUNNING) reply_error(request, ESRCH, "signal");
    else if (syscall(SYS_pidfd_send_signal, entry->pidfd, (int)request->number, NULL, 0) < 0) reply_error(request, errno, "signal");
    else reply_done(request);
}

static void remove_entry(const struct request *request, struct entry *entry) {
    if (entry->state != KD_STATE_EXITED) { reply_error(request, EBUSY, "remove"); return; }
    struct entry removed = *entry;
    entry_free(entry);
    journal(KD_JOURNAL_REMOVED, &removed);
    reply_done(request);
}

static void attach_entry(const struct request *request, const struct entry *entry) {
    int fd = entry->terminal >= 0 ? entry->terminal : entry->input;
    if (fd < 0) reply_error(request, ENOTCONN, "attach");
    else reply_fds(request, fd, -1);
}

static void tap_entry(const struct request *request, struct entry *entry, int slot) {
    int error = entry->state == KD_STATE_RUNNING ? 0 : ESRCH;
    for (int i = 0; i < 2 && i < request->fd_count && !error; i++) {
        bool terminal = i == 0 && entry->terminal >= 0;
        struct resumption again = { slot, terminal ? FROM_TERMINAL : i ? FROM_ERRORS : FROM_OUTPUT };
        if (terminal || entry->streams[i].fd >= 0) error = tap_add(&entry->streams[i], request->fds[i], again, FROM_TAP);
    }
    if (error) reply_error(request, error, "tap the output");
    else reply_done(request);
}

static void resize_entry(const struct request *request, const struct entry *entry) {
    struct winsize size = { .ws_col = (unsigned short)(request->terminal >> 16), .ws_row = (unsigned short)request->terminal };
    if (entry->terminal < 0) reply_error(request, ENOTTY, "resize");
    else if (ioctl(entry->terminal, TIOCSWINSZ, &size) < 0) reply_error(request, errno, "resize");
    else reply_done(request);
}

static void kill_entry(const struct request *request, struct entry *entry) {
    if (entry->state == KD_STATE_EXITED) { reply_done(request); return; }
    kill_processes(entry);
    reply_done(request);
}

static void serve_entry(struct request *request) {
    struct entry *entry = entry_find(request->id);
    if (!entry) { reply_error(request, ENOENT, "find the container"); return; }
    switch (request->header.operation) {
    case KD_OP_PIDFD:
        if (entry->pidfd < 0) reply_error(request, ESRCH, "find the process");
        else reply_fds(request, entry->pidfd, -1);
        return;
    case KD_OP_SIGNAL: signal_entry(request, entry); return;
    case KD_OP_KILL: kill_entry(request, entry); return;
    case KD_OP_REMOVE: remove_entry(request, entry); return;
    case KD_OP_ATTACH: attach_entry(request, entry); return;
    case KD_OP_RESIZE: resize_entry(request, entry); return;
    case KD_OP_TAP:
        for (int slot = 0; slot < entry_limit; slot++)
            if (entries[slot] == entry) tap_entry(request, entry, slot);
        return;
    case KD_OP_CLOSE_INPUT: close_fd(&entry->input); reply_done(request); return;
    case KD_OP_ACKNOWLEDGE: entry->acknowledged = true; reply_done(request); return;
    }
}

static void serve_sandbox(struct request *request) {
    struct sandbox *sandbox = sandbox_find(request->sandbox ? request->sandbox : request->id);
    if (!sandbox) { reply_error(request, ENOENT, "find the sandbox"); return; }
    if (request->header.operation == KD_OP_SANDBOX_HANDLES) { reply_handles(request, sandbox); return; }
    if (request->header.operation == KD_OP_SOCKET) {
        int fd = socket_in(sandbox->network, (int)request->domain, (int)request->type, 0);
        if (fd < 0) { reply_error(request, errno, "open a socket"); return; }
        reply_fds(request, fd, -1);
        close(fd);
        return;
    }
    int error = sandbox_remove(sandbox);
    if (error) reply_error(request, error, "remove the sandbox");
    else reply_done(request);
}

// Everything in the node ends here, in order: processes, their last output, the journal, then pid 1.
_Noreturn static void shut_down(const struct request *request) {
    for (int i = 0; i < entry_limit; i++)
        if (entries[i] && entries[i]->kind == CONTAINER && entries[i]->state == KD_STATE_RUNNING) kill_cgroup(entries[i]);
    kill(-1, SIGKILL);
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, 0)) > 0;) collect_process(pid, status);
    journal_commit();
    if (request) reply_done(request);
    _exit(0);
}

// The answer comes from the program that goes on.
static void replace(const struct request *request) {
    char before[BUILD_LIMIT];
    const char *step = "read the request";
    int error = request->fd_count == 1 && request->build && strlen(request->build) < BUILD_LIMIT ? 0 : EINVAL;
    if (!error) {
        memcpy(before, node.build, sizeof before);
        strcpy(node.build, request->build);
        node.asking = request->client;
        node.request = request->header.request;
        error = state_hand_over(request->fds[0], &step);
        memcpy(node.build, before, sizeof before);
    }
    fail_to(request->client, KD_OP_REPLACE, request->header.request, error, step, request->build);
}

static void serve(struct request *request) {
    switch (request->header.operation) {
    case KD_OP_HELLO: hello(request); return;
    case KD_OP_NODE_HANDLES: reply_handles(request, NULL); return;
    case KD_OP_CREATE_SANDBOX: create_sandbox(request); return;
    case KD_OP_SANDBOX_HANDLES: case KD_OP_REMOVE_SANDBOX: case KD_OP_SOCKET: serve_sandbox(request); return;
    case KD_OP_LIST_SANDBOXES: list_sandboxes(request); return;
    case KD_OP_START: start_container(request); return;
    case KD_OP_EXEC: start_exec(request); return;
    case KD_OP_LIST: list_entries(request); return;
    case KD_OP_PIDFD: case KD_OP_SIGNAL: case KD_OP_KILL: case KD_OP_REMOVE: case KD_OP_ATTACH: case KD_OP_CLOSE_INPUT:
    case KD_OP_RESIZE: case KD_OP_TAP: case KD_OP_ACKNOWLEDGE: serve_entry(request); return;
    case KD_OP_SHUTDOWN: shut_down(request);
    case KD_OP_REPLACE: replace(request); return;
    default: reply_error(request, ENOSYS, "read the request");
    }
}

static bool read_request(const uint8_t *bytes, size_t size, struct request *request) {
    if (size < sizeof request->header) return false;
    memcpy(&request->header, bytes, sizeof request->header);
    const struct kd_header *header = &request->header;
    if (header->magic != KD_MAGIC || header->size != size) return false;
    if (header->version < KD_OLDEST_VERSION || header->version > KD_VERSION) return false;
    struct kd_cursor cursor = { bytes + sizeof *header, bytes + size };
    struct kd_field field;
    int more, bad = 0;
    while ((more = kd_next(&cursor, &field)) > 0) {
        switch (field.tag) {
        case KD_ID: request->id = kd_text(&field); bad |= !request->id; break;
        case KD_SANDBOX: request->sandbox = kd_text(&field); bad |= !request->sandbox; break;
        case KD_HOSTNAME: request->hostname = kd_text(&field); bad |= !request->hostname; break;
        case KD_BUILD: request->build = kd_text(&field); bad |= !request->build; break;
        case KD_SYSCTL: bad |= request->sysctl_count == 64 || !(request->sysctls[request->sysctl_count++] = kd_text(&field)); break;
        case KD_FLAGS: bad |= kd_number(&field, &request->flags); break;
        case KD_INDEX: bad |= kd_number(&field, &request->index); break;
        case KD_NUMBER: bad |= kd_number(&field, &request->number); break;
        case KD_TERMINAL: bad |= kd_number(&field, &request->terminal); break;
        case KD_DOMAIN: bad |= kd_number(&field, &request->domain); break;
        case KD_TYPE: bad |= kd_number(&field, &request->type); break;
        case KD_USERS: bad |= kd_number(&field, &request->users); break;
        case KD_COUNT: bad |= kd_number(&field, &request->count); break;
        default: break;  // a newer daemon's addition
        }
        if (bad) return false;
    }
    return more == 0;
}

static void read_client(int client) {
    static uint8_t bytes[KD_MESSAGE_LIMIT];
    struct iovec data = { bytes, sizeof bytes };
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int) * KD_FDS_LIMIT)]; } control;
    struct msghdr packet = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
    ssize_t got = recvmsg(node.clients[client], &packet, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    struct request request = { .client = client };
    for (struct cmsghdr *header = got < 0 ? NULL : CMSG_FIRSTHDR(&packet); header; header = CMSG_NXTHDR(&packet, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            if (request.fd_count < KD_FDS_LIMIT) request.fds[request.fd_count++] = fd;
            else close(fd);
        }
    }
    // The end, or bytes that make no sense: the daemon comes back if it is still there.
    if (got <= 0 || packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || !read_request(bytes, (size_t)got, &request)) drop_client(client);
    else serve(&request);
    for (int i = 0; i < request.fd_count; i++) close(request.fds[i]);
}

static void accept_client(void) {
    int fd = accept4(node.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    struct ucred peer;
    socklen_t size = sizeof peer;
    // Room for the ends of all entries at once: a returning daemon hears of them in one go. Forced, as the usual limit is 200 KiB.
    int buffer = MAXIMUM_ENTRIES * 1280;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer) < 0) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == node.owner))
        for (int i = 0; i < MAXIMUM_CLIENTS; i++)
            if (node.clients[i] < 0) {
                node.clients[i] = fd;
                watch(fd, EPOLLIN, FROM_CLIENT, i);
                return;
            }
    close(fd);
}

static void read_output(struct entry *entry, int which) {
    struct stream *stream = &entry->streams[which];
    if (stream_drain(stream, &entry->log, false)) stream_finish(stream, &entry->log);
}

static void read_terminal(struct entry *entry, int slot) {
    if (tap_holds_back(&entry->streams[0])) return;
    struct stream stream = entry->streams[0];
    stream.fd = entry->terminal;
    // More than one turn's share may be left, of which an edge tells no second time.
    if (!stream_drain(&stream, &entry->log, true) && !tap_holds_back(&stream)) watch_again(stream.fd, EPOLLIN | EPOLLET, FROM_TERMINAL, slot);
    stream.fd = -1;
    entry->streams[0] = stream;
}

static void go_on(struct resumption again) {
    struct entry *entry = entries[again.slot];
    if (!entry) return;
    if (again.source == FROM_TERMINAL && entry->terminal >= 0) watch(entry->terminal, EPOLLIN | EPOLLET, FROM_TERMINAL, again.slot);
    int fd = again.source == FROM_TERMINAL ? -1 : entry->streams[again.source == FROM_ERRORS].fd;
    if (fd >= 0) watch(fd, EPOLLIN, (uint64_t)again.source, again.slot);
}

static void read_tap(int fd) {
    struct resumption again;
    if (tap_drained(fd, &again)) go_on(again);
}

static void read_signals(void) {
    struct signalfd_siginfo info;
    while (read(node.signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGTERM) shut_down(NULL);
    reap();
}

static void dispatch(uint64_t data) {
    enum source source = data >> 56;
    int slot = (int)(data >> 24 & 0xffffffff), fd = (int)(data & 0xffffff);
    struct entry *entry = source >= FROM_OUTPUT ? entries[slot] : NULL;
    switch (source) {
    case FROM_LISTENER: accept_client(); return;
    case FROM_CLIENT: if (node.clients[slot] == fd) read_client(slot); return;
    case FROM_SIGNALS: read_signals(); return;
    // An entry may have gone, or its descriptor closed, since the kernel reported it.
    case FROM_OUTPUT: if (entry && entry->streams[0].fd == fd) read_output(entry, 0); return;
    case FROM_ERRORS: if (entry && entry->streams[1].fd == fd) read_output(entry, 1); return;
    case FROM_TERMINAL: if (entry && entry->terminal == fd) read_terminal(entry, slot); return;
    case FROM_TAP: read_tap(fd); return;
    case FROM_SYNC: if (entry && entry->sync == fd) read_sync(entry, slot); return;
    }
}

_Noreturn static void run(void) {
    sigset_t heard;
    sigemptyset(&heard);
    sigaddset(&heard, SIGCHLD);
    sigaddset(&heard, SIGTERM);
    node.epoll = epoll_create1(EPOLL_CLOEXEC);
    node.signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
    if (node.epoll < 0 || node.signals < 0) _exit(1);
    watch(node.listener, EPOLLIN, FROM_LISTENER, 0);
    watch(node.signals, EPOLLIN, FROM_SIGNALS, 0);
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        if (node.clients[i] >= 0) watch(node.clients[i], EPOLLIN, FROM_CLIENT, i);
    for (int i = 0; i < entry_limit; i++)
        if (entries[i]) watch_entry(entries[i], i);
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(node.epoll, events, 64, log_partials());
        for (int i = 0; i < count; i++) dispatch(events[i].data.u64);
    }
}

// "kdash-node" starts a node; "check FD" says whether this program can go on with that state, "resume FD" does.
__attribute__((constructor(101))) static void take_over(int argc, char **argv) {
    if (argc < 1 || strcmp(argv[0], "kdash-node") != 0) return;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    node = (struct node) { .journal = -1, .clients = { [0 ... MAXIMUM_CLIENTS - 1] = -1 } };
    if (argc == 1) {
        node_boot();
        run();
    }
    int error = argc == 3 ? state_take(atoi(argv[2])) : EINVAL;
    if (error || strcmp(argv[1], "resume") != 0) _exit(error ? error : STATE_ACCEPTED);
    conceal();
    const struct request asked = { .client = node.asking, .header = { .operation = KD_OP_REPLACE, .request = node.request } };
    reply_fds(&asked, -1, -1);
    run();
}
