// From the first instruction of the container's process to its exec, in the order that its safety needs.
#include "oci_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int oci_sync = -1;

void oci_say(int32_t type, int32_t number, const char *step, const char *path) {
    struct kd_oci_message message = { .type = type, .number = number };
    snprintf(message.step, sizeof message.step, "%s", step ? step : "");
    snprintf(message.path, sizeof message.path, "%s", path ? path : "");
    send(oci_sync, &message, sizeof message, MSG_NOSIGNAL);
}

_Noreturn void oci_fail(const char *step, const char *path) {
    int error = errno;
    // Once started nobody listens any more but who reads the container's output.
    if (oci_sync < 0) dprintf(2, "cannot %s%s%s: %s\n", step, path ? " " : "", path ? path : "", strerrordesc_np(error));
    else oci_say(KD_OCI_FAILED, error, step, path);
    _exit(error == ENOENT ? 127 : 126);
}

_Noreturn void oci_refuse(const char *step, const char *path) {
    // The sentence has the room that a path has.
    struct kd_oci_message message = { .type = KD_OCI_FAILED };
    snprintf(message.path, sizeof message.path, "%s%s%s", step, path ? ": " : "", path ? path : "");
    if (oci_sync < 0) dprintf(2, "%s\n", message.path);
    else send(oci_sync, &message, sizeof message, MSG_NOSIGNAL);
    _exit(127);
}

void oci_check(int result, const char *step, const char *path) {
    if (result < 0) oci_fail(step, path);
}

void oci_warn(const char *step, const char *path) { oci_say(KD_OCI_WARNING, errno, step, path); }

void oci_await(int32_t type) {
    struct kd_oci_message message;
    ssize_t got;
    while ((got = recv(oci_sync, &message, sizeof message, 0)) < 0 && errno == EINTR) {}
    // The command ended: there is nobody to tell.
    if (got != sizeof message || message.type != type) _exit(127);
}

static void load_filter(const struct oci_plan *plan) {
    if (!plan->filter_size) return;
    struct sock_fprog program = { .len = (unsigned short)plan->filter_size, .filter = (struct sock_filter *)(uintptr_t)plan->filter };
    int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan->filter_flags, &program);
    if (result < 0 && errno == EINVAL && plan->filter_flags) result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    oci_check(result, "load the system call filter", NULL);
}

static const char *variable(const struct oci_plan *plan, const char *name) {
    size_t n = strlen(name);
    for (char **v = plan->variables; *v; v++)
        if (strncmp(*v, name, n) == 0 && (*v)[n] == '=') return *v + n + 1;
    return NULL;
}

static bool is_program(const char *path) {
    struct stat info;
    if (stat(path, &info) < 0) return false;
    if (!S_ISREG(info.st_mode)) { errno = S_ISDIR(info.st_mode) ? EISDIR : EACCES; return false; }
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

// What the first argument names, as execvpe(3) would find it; fails before the container counts as made.
static char *find_program(const struct oci_plan *plan) {
    const char *program = plan->arguments[0];
    if (strchr(program, '/')) {
        if (!is_program(program)) oci_fail("execute", program);
        return (char *)program;
    }
    const char *path = variable(plan, "PATH");
    if (!path) path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    int error = ENOENT;
    for (const char *at = path; *program;) {
        size_t n = strcspn(at, ":");
        char full[PATH_MAX];
        if ((size_t)snprintf(full, sizeof full, "%.*s%s%s", (int)n, at, n ? "/" : "./", program) < sizeof full) {
            if (is_program(full)) return strdup(full);
            if (errno != ENOENT && errno != ENOTDIR) error = errno;
        }
        at += n;
        if (!*at++) break;
    }
    errno = error;
    if (error == ENOENT) {
        char sentence[400];
        snprintf(sentence, sizeof sentence, "executable file `%.300s` not found in $PATH: No such file or directory", program);
        oci_refuse(sentence, NULL);
    }
    oci_fail("execute", program);
}

static void set_schedule(const struct oci_plan *plan) {
    if (plan->has_personality) oci_check(personality(plan->personality), "set the personality", NULL);
    if (plan->scheduler_size) {
        char attributes[64] = { 0 };
        memcpy(attributes, plan->scheduler, plan->scheduler_size < sizeof attributes ? plan->scheduler_size : sizeof attributes);
        oci_check((int)syscall(SYS_sched_setattr, 0, attributes, 0), "set the scheduler", NULL);
    }
    if (plan->has_io_priority) oci_check((int)syscall(SYS_ioprio_set, 1, 0, (int)plan->io_priority), "set the I/O priority", NULL);
    if (!plan->memory_policy_count) return;
    size_t words = plan->memory_policy_count - 1;
    // The kernel takes one from the number of bits.
    long result = syscall(SYS_set_mempolicy, (int)plan->memory_policy[0], words ? plan->memory_policy + 1 : NULL, words ? words * 64 + 1 : 0);
    oci_check((int)result, "set linux.memoryPolicy", NULL);
}

// So that whoever the program runs as can open /dev/stdout and its like again, which are its caller's. Only pipes: files stay whose they are.
static void own_streams(const struct oci_plan *plan) {
    for (int fd = 0; fd < 3; fd++) {
        struct stat info;
        if (fstat(fd, &info) < 0 || !S_ISFIFO(info.st_mode) || (info.st_uid == plan->uid && info.st_gid == plan->gid)) continue;
        if (fchown(fd, (uid_t)plan->uid, (gid_t)plan->gid) < 0 && errno != EPERM && errno != EINVAL && errno != EROFS && errno != ENOSYS) oci_fail("own", "the streams");
    }
}

static void enter_directory(const struct oci_plan *plan, bool entered) {
    if (!entered) oci_check(chdir(plan->directory), "enter the working directory", plan->directory);
    char here[PATH_MAX];
    long length = syscall(SYS_getcwd, here, sizeof here);
    // A directory outside of the root shows itself as "(unreachable)".
    if (length < 0 || here[0] != '/') oci_refuse("the working directory is outside of the container", plan->directory);
}

static void await_start(const struct oci_plan *plan) {
    oci_say(KD_OCI_READY, 0, NULL, NULL);
    if (plan->fifo < 0) {
        oci_await(KD_OCI_CONTINUE);
        return;
    }
    close(oci_sync);
    oci_sync = -1;
    char byte;
    for (;;) {
        struct pollfd what = { .fd = plan->fifo, .events = POLLIN };
        if (poll(&what, 1, -1) < 0 && errno != EINTR) _exit(127);
        ssize_t got = read(plan->fifo, &byte, 1);
        if (got == 1) return;
        // The writer's end without a word: whoever began to start it died.
        if (got == 0) usleep(10000);
        else if (got < 0 && errno != EAGAIN && errno != EINTR) _exit(127);
    }
}

// Nothing of the machine may be open when the program is looked up: a path through /proc/self/fd would lead there (CVE-2024-21626), and what closes
// itself by execve has been walked through by then. What the caller passes stays, and the runtime's own few close themselves.
static void close_others(struct oci_plan *plan) {
    close_fd(&plan->cgroup);
    close_fd(&plan->seed);
    for (size_t i = 0; i < plan->namespace_count; i++) close_fd(&plan->namespaces[i].fd);
    const int kept[] = { oci_sync, plan->fifo, plan->state, plan->hook_output, plan->hook_errors };
    unsigned first = 3 + (unsigned)plan->preserved;
    for (;;) {
        unsigned next = ~0U;
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            if (kept[i] >= 0 && (unsigned)kept[i] >= first && (unsigned)kept[i] < next) next = (unsigned)kept[i];
        if (next > first) oci_check(close_range(first, next == ~0U ? ~0U : next - 1, 0), "close descriptors", NULL);
        if (next == ~0U) return;
        fcntl((int)next, F_SETFD, FD_CLOEXEC);
        first = next + 1;
    }
}

static void set_label(const struct oci_plan *plan) {
    int result = write_label(plan->proc, plan->label_file, plan->label);
    if (result < 0 && errno == ENOENT && strncmp(plan->label_file, "apparmor/", 9) == 0) {
        char sentence[400];
        snprintf(sentence, sizeof sentence, "cannot apply apparmor profile `%.300s`: profile not loaded", plan->label + strlen("exec "));
        oci_refuse(sentence, NULL);
    }
    oci_check(result, "set the security label", plan->label);
}

_Noreturn void oci_finish(struct oci_plan *plan, bool is_container) {
    oci_check(setsid(), "start a session", NULL);
    if (!(plan->flags & KD_OCI_NO_KEYRING) && syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL, 0, 0, 0) < 0 && errno != ENOSYS && errno != EPERM
        && errno != EDQUOT && errno != EACCES)
        oci_warn("join a keyring", NULL);
    if (plan->flags & KD_OCI_HAS_TERMINAL) oci_open_terminal(plan, is_container);
    else own_streams(plan);
    close_fd(&plan->console);
    if (!variable(plan, "HOME")) {
        char *home = oci_home(plan->uid);
        char **longer = calloc(plan->variable_count + 2, sizeof *longer);
        if (!home || !longer) oci_fail("allocate", NULL);
        memcpy(longer, plan->variables, plan->variable_count * sizeof *longer);
        longer[plan->variable_count++] = home;
        plan->variables = longer;
    }
    if (plan->label) set_label(plan);
    close_fd(&plan->proc);
    set_schedule(plan);
    umask((mode_t)plan->umask);
    close_others(plan);
    int moved = chdir(plan->directory);
    oci_become_user(plan);
    enter_directory(plan, moved == 0);
    if (plan->flags & KD_OCI_NO_NEW_PRIVILEGES) oci_check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "forbid new privileges", NULL);
    const char *program = NULL;
    if (plan->argument_count) program = find_program(plan);
    if (plan->affinity_count) sched_setaffinity(0, sizeof plan->affinity, (const cpu_set_t *)plan->affinity);
    struct sigaction plain = { .sa_handler = SIG_DFL };
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &plain, NULL);
    await_start(plan);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (is_container) oci_run_hooks(plan, KD_OCI_HOOK_START_CONTAINER);
    if (!program) oci_refuse("the configuration has no process", NULL);
    // At the very end: what a filter allows is up to the program, not to what this process still needs.
    load_filter(plan);
    execve(program, plan->arguments, plan->variables);
    oci_fail("execute", program);
}
