// Going on as another program: everything the supervisor holds travels in one sealed file, descriptors keep their numbers.
#include "supervisor_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATE_LIMIT = 1 << 30, CHECK_MILLISECONDS = 5000 };

// A tag never changes its meaning. A part that the reader does not know is skipped, one that is missing stays as it was.
struct part { uint32_t tag; size_t offset, size; };
#define PART(tag, type, member) { tag, offsetof(struct type, member), sizeof ((struct type *)NULL)->member }
enum { NODE = 100, SANDBOX = 200, ENTRY = 300, PARTIAL_OUTPUT = 350, PARTIAL_ERRORS = 351 };  // objects start with their own tag

static const struct part node_parts[] = {
    PART(101, node, proc), PART(102, node, dev_null), PART(103, node, staging), PART(104, node, pid_namespace),
    PART(105, node, network_namespace), PART(106, node, uts_namespace), PART(107, node, ipc_namespace), PART(108, node, journal),
    PART(109, node, listener), PART(110, node, cgroup2), PART(111, node, rootless), PART(112, node, owner), PART(113, node, boot_id),
    PART(114, node, build), PART(115, node, clients), PART(116, node, asking), PART(117, node, request),
    PART(118, node, hierarchies), PART(119, node, hierarchy_count), { 0 },
};
static const struct part sandbox_parts[] = {
    PART(201, sandbox, id), PART(202, sandbox, flags), PART(203, sandbox, network), PART(204, sandbox, uts), PART(205, sandbox, ipc),
    PART(206, sandbox, pid), PART(207, sandbox, pause), PART(208, sandbox, users), PART(209, sandbox, first_user), { 0 },
};
static const struct part entry_parts[] = {
    PART(301, entry, kind), PART(302, entry, state), PART(303, entry, id), PART(304, entry, sandbox), PART(305, entry, cgroup),
    PART(306, entry, pid), PART(307, entry, pidfd), PART(308, entry, sync), PART(309, entry, cgroup_fd), PART(310, entry, input),
    PART(311, entry, terminal), PART(312, entry, start_ticks), PART(313, entry, oom_before), PART(314, entry, oom_kills),
    PART(315, entry, started), PART(316, entry, finished), PART(317, entry, status), PART(318, entry, client), PART(319, entry, request),
    PART(320, entry, ready), PART(321, entry, failed), PART(322, entry, ended), PART(323, entry, acknowledged),
    PART(324, entry, streams[0].fd), PART(325, entry, streams[1].fd), PART(326, entry, log.directory), PART(327, entry, log.file),
    PART(328, entry, log.name), PART(329, entry, log.size), PART(330, entry, log.maximum), PART(331, entry, log.files),
    PART(332, entry, log.lost), PART(333, entry, log.lost_error), PART(334, entry, log.lines), PART(335, entry, log.bytes),
    PART(336, entry, log.retry_at), PART(337, entry, pod_quota), PART(338, entry, quota_lifted),
    { 0 },
};

// --- what travels along

static int all(int count, int *const fds[], int (*visit)(int fd)) {
    for (int i = 0; i < count; i++)
        if (*fds[i] != -1 && visit(*fds[i]) < 0) return -1;
    return 0;
}
#define ALL(visit, ...) all((int)(sizeof (int *[]) { __VA_ARGS__ } / sizeof (int *)), (int *[]) { __VA_ARGS__ }, visit)

static int every_fd(int (*visit)(int fd)) {
    int failed = ALL(visit, &node.proc, &node.dev_null, &node.staging, &node.pid_namespace, &node.network_namespace, &node.uts_namespace,
        &node.ipc_namespace, &node.journal, &node.listener);
    for (int i = 0; i < node.hierarchy_count; i++) failed |= ALL(visit, &node.hierarchies[i].fd);
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) failed |= ALL(visit, &node.clients[i]);
    for (int i = 0; i < sandbox_limit; i++)
        if (sandboxes[i]) failed |= ALL(visit, &sandboxes[i]->network, &sandboxes[i]->uts, &sandboxes[i]->ipc, &sandboxes[i]->pid, &sandboxes[i]->users);
    for (int i = 0; i < entry_limit; i++) {
        struct entry *entry = entries[i];
        if (entry) failed |= ALL(visit, &entry->pidfd, &entry->sync, &entry->cgroup_fd, &entry->input, &entry->terminal, &entry->streams[0].fd,
            &entry->streams[1].fd, &entry->log.directory, &entry->log.file);
    }
    return failed;
}

static int keep(int fd) { return fcntl(fd, F_SETFD, 0); }
static int keep_not(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC); }

// --- writing

static void save(FILE *file, uint32_t tag, const void *bytes, size_t size) {
    static const char padding[8];
    struct kd_field_header header = { tag, (uint32_t)size };
    fwrite(&header, sizeof header, 1, file);
    fwrite(bytes, 1, size, file);
    fwrite(padding, 1, -size & 7, file);
}

static void save_object(FILE *file, uint32_t tag, const struct part *part, const void *object) {
    save(file, tag, "", 0);
    for (; part->tag; part++) save(file, part->tag, (const char *)object + part->offset, part->size);
}

// Programs from before users of sandboxes can go on with everything else.
static uint32_t version_needed(void) {
    for (int i = 0; i < sandbox_limit; i++)
        if (sandboxes[i] && sandboxes[i]->users >= 0) return KD_STATE_VERSION;
    return KD_STATE_OLDEST_VERSION;
}

static int save_state(void) {
    int fd = (int)syscall(SYS_memfd_create, "kdash-state", MFD_CLOEXEC | MFD_ALLOW_SEALING), copy = fd < 0 ? -1 : dup(fd);
    FILE *file = copy < 0 ? NULL : fdopen(copy, "w");
    if (!file) { close_fd(&copy); close_fd(&fd); return -1; }
    struct kd_state_header header = { KD_STATE_MAGIC, version_needed(), 0 };
    fwrite(&header, sizeof header, 1, file);
    save_object(file, NODE, node_parts, &node);
    for (int i = 0; i < sandbox_limit; i++)
        if (sandboxes[i]) save_object(file, SANDBOX, sandbox_parts, sandboxes[i]);
    for (int i = 0; i < entry_limit; i++) {
        if (!entries[i]) continue;
        save_object(file, ENTRY, entry_parts, entries[i]);
        for (int s = 0; s < 2; s++)
            if (entries[i]->streams[s].partial_size) save(file, s ? PARTIAL_ERRORS : PARTIAL_OUTPUT, entries[i]->streams[s].partial, entries[i]->streams[s].partial_size);
    }
    header.size = (uint64_t)ftell(file);
    rewind(file);
    fwrite(&header, sizeof header, 1, file);
    bool failed = ferror(file);
    failed |= fclose(file) != 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0;
    if (failed) close_fd(&fd);
    return fd;
}

static int execute(int program, const char *mode, int state) {
    char number[16];
    snprintf(number, sizeof number, "%d", state);
    char *argv[] = { "kdash-node", (char *)(uintptr_t)mode, number, NULL }, *environment[] = { NULL };
    if (keep(state) == 0 && every_fd(keep) == 0) syscall(SYS_execveat, program, "", argv, environment, 0x1000 /* AT_EMPTY_PATH */);
    return errno;
}

// The program itself says whether it can go on with this state: the one moment when a refusal costs nothing.
static int check_program(int program, int state) {
    pid_t child = fork();
    if (child < 0) return errno;
    if (child == 0) _exit(execute(program, "check", state));
    struct pollfd ended = { (int)syscall(SYS_pidfd_open, child, 0), POLLIN, 0 };
    int status, late = poll(&ended, 1, CHECK_MILLISECONDS) != 1;
    if (late) kill(child, SIGKILL);
    waitpid(child, &status, 0);
    close_fd(&ended.fd);
    if (late) return ETIMEDOUT;
    int answer = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    if (answer == STATE_ACCEPTED) return 0;
    // What the exec or the check failed with; any other status is that of a program which is no supervisor.
    return (answer > 0 && answer < 64) || answer == EBADMSG || answer == EPROTONOSUPPORT ? answer : ENOEXEC;
}

int state_hand_over(int program, const char **step) {
    *step = "write the state";
    int state = save_state(), error = state < 0 ? errno : 0;
    if (error) return error;
    *step = "check the program";
    error = check_program(program, state);
    if (!error) {
        *step = "execute the program";
        error = execute(program, "resume", state);
        every_fd(keep_not);
    }
    close(state);
    return error;
}

// --- reading

// 1 when the field belongs to this object and is stored, 0 when it is unknown, -1 when it does not fit.
static int load_part(const struct part *part, void *object, const struct kd_field *field) {
    for (; part->tag; part++) {
        if (part->tag != field->tag) continue;
        if (part->size != field->size) return -1;
        memcpy((char *)object + part->offset, field->bytes, part->size);
        return 1;
    }
    return 0;
}

static int load_partial(struct stream *stream, const struct kd_field *field) {
    if (field->size > PARTIAL_LIMIT || stream->partial || !(stream->partial = malloc(PARTIAL_LIMIT))) return -1;
    memcpy(stream->partial, field->bytes, field->size);
    stream->partial_size = field->size;
    return 0;
}

static int load_fields(struct kd_cursor cursor) {
    struct kd_field field;
    struct sandbox *sandbox = NULL;
    struct entry *entry = NULL;
    int more, bad = 0;
    while (!bad && (more = kd_next(&cursor, &field)) > 0) {
        if (field.tag == SANDBOX) bad = !(sandbox = sandbox_add());
        else if (field.tag == ENTRY) bad = !(entry = entry_add(CONTAINER, "", ""));
        else if (entry && (field.tag == PARTIAL_OUTPUT || field.tag == PARTIAL_ERRORS)) bad = load_partial(&entry->streams[field.tag == PARTIAL_ERRORS], &field) < 0;
        else if (entry) bad = load_part(entry_parts, entry, &field) < 0;
        else if (sandbox) bad = load_part(sandbox_parts, sandbox, &field) < 0;
        else bad = load_part(node_parts, &node, &field) < 0;
    }
    return bad || more < 0 ? EBADMSG : 0;
}

static bool ends(const char *text, size_t size) { return memchr(text, 0, size) != NULL; }
#define ENDS(text) ends(text, sizeof(text))

static bool makes_sense(void) {
    if (node.hierarchy_count < 0 || node.hierarchy_count > MAXIMUM_HIERARCHIES || !ENDS(node.boot_id) || !ENDS(node.build)) return false;
    const int needed[] = { node.proc, node.dev_null, node.staging, node.pid_namespace, node.network_namespace, node.uts_namespace, node.ipc_namespace, node.listener };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (needed[i] < 3) return false;
    if (node.asking < 0 || node.asking >= MAXIMUM_CLIENTS) return false;
    for (int i = 0; i < sandbox_limit; i++)
        if (!ENDS(sandboxes[i]->id) || !valid_id(sandboxes[i]->id)) return false;
    for (int i = 0; i < entry_limit; i++) {
        const struct entry *entry = entries[i];
        if (!ENDS(entry->id) || !valid_id(entry->id) || !ENDS(entry->sandbox) || !ENDS(entry->cgroup) || !ENDS(entry->log.name)) return false;
        if ((entry->kind != CONTAINER && entry->kind != EXEC) || entry->state < KD_STATE_STARTING || entry->state > KD_STATE_EXITED) return false;
        if (entry->client < -1 || entry->client >= MAXIMUM_CLIENTS || entry->pid <= 1) return false;
    }
    return every_fd(keep_not) == 0;
}

int state_take(int fd) {
    struct stat info;
    struct kd_state_header header;
    if (fstat(fd, &info) < 0) return errno;
    if (!S_ISREG(info.st_mode) || info.st_size < (off_t)sizeof header || info.st_size > STATE_LIMIT) return EBADMSG;
    uint8_t *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) return errno;
    memcpy(&header, bytes, sizeof header);
    int error = 0;
    if (header.magic != KD_STATE_MAGIC || header.size != (uint64_t)info.st_size) error = EBADMSG;
    else if (header.version < KD_STATE_OLDEST_VERSION || header.version > KD_STATE_VERSION) error = EPROTONOSUPPORT;
    else error = load_fields((struct kd_cursor) { bytes + sizeof header, bytes + info.st_size });
    munmap(bytes, (size_t)info.st_size);
    if (!error && !makes_sense()) error = EBADMSG;
    close(fd);
    return error;
}
