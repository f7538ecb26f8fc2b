// Hooks: programs that are told the container's state and that a container may wait for.
#include "oci_internal.h"
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
#include <time.h>
#include <unistd.h>

extern char **environ;

static int64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int state_file(const void *state, size_t size) {
    int file = memfd_create("state", MFD_CLOEXEC);
    if (file < 0) return -1;
    if (write(file, state, size) == (ssize_t)size && lseek(file, 0, SEEK_SET) == 0) return file;
    close(file);
    errno = EIO;
    return -1;
}

_Noreturn static void hook_child(int input, int output, int errors, const char *path, char *const arguments[], char *const environment[]) {
    umask(0022);  // This command makes nodes with all rights it is told to.
    sigset_t none;
    struct sigaction plain = { .sa_handler = SIG_DFL };
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &plain, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    char *const own[] = { (char *)path, NULL };
    int to = fcntl(errors, F_DUPFD, 3);
    if (dup2(input, 0) == 0 && (output < 0 || dup2(output, 1) == 1) && dup2(to, 2) == 2 && close_range(3, ~0U, 0) == 0) execve(path, arguments[0] ? arguments : own, environment);
    dprintf(2, "%s", strerrordesc_np(errno));
    _exit(127);
}

static void drain(int from, char *said, size_t size, size_t *length) {
    char buffer[4096];
    ssize_t got;
    while ((got = read(from, buffer, sizeof buffer)) > 0) {
        size_t taken = (size_t)got < size - 1 - *length ? (size_t)got : size - 1 - *length;
        memcpy(said + *length, buffer, taken);
        *length += taken;
    }
    said[*length] = 0;
}

int kd_oci_hook(const char *path, char *const arguments[], char *const environment[], const void *state, size_t state_size, int64_t timeout,
                int output, int told, char *said, size_t size) {
    int errors[2], input = state_file(state, state_size), status = -1;
    size_t length = 0;
    said[0] = 0;
    if (input < 0) return -1;
    if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) < 0) { close(input); return -1; }
    fcntl(errors[1], F_SETFL, 0);
    pid_t pid = fork();
    if (pid == 0) hook_child(input, output, told < 0 ? errors[1] : told, path, arguments, environment ? environment : environ);
    int saved = errno;
    close(input);
    close(errors[1]);
    if (pid < 0) { close(errors[0]); errno = saved; return -1; }
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    int64_t deadline = timeout > 0 ? milliseconds() + (timeout < INT32_MAX / 1000 ? timeout : INT32_MAX / 1000) * 1000 : 0;
    bool late = false;
    for (;;) {
        int64_t left = deadline ? deadline - milliseconds() : -1;
        if (deadline && left <= 0) {
            late = true;
            kill(pid, SIGKILL);
            break;
        }
        // Its end counts, not the end of its output: what it leaves running may keep that open.
        struct pollfd what[] = { { .fd = errors[0], .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
        if (poll(what, pidfd < 0 ? 1 : 2, (int)left) < 0 && errno != EINTR) break;
        if (what[0].revents & POLLIN) drain(errors[0], said, size, &length);
        if (pidfd < 0 || what[1].revents) break;
        if (what[0].revents & POLLHUP && !(what[0].revents & POLLIN)) {
            struct pollfd end = { .fd = pidfd, .events = POLLIN };
            left = deadline ? deadline - milliseconds() : -1;
            if (poll(&end, 1, (int)(deadline && left < 0 ? 0 : left)) > 0) break;
        }
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    drain(errors[0], said, size, &length);
    while (length && said[length - 1] == '\n') said[--length] = 0;
    close(errors[0]);
    close_fd(&pidfd);
    if (late) { errno = ETIME; return -1; }
    return status;
}

void oci_run_hooks(const struct oci_plan *plan, uint64_t kind) {
    struct stat info;
    char *state = NULL;
    for (size_t i = 0; i < plan->hook_count; i++) {
        const struct oci_hook *hook = &plan->hooks[i];
        if (hook->kind != kind) continue;
        if (!state) {
            oci_check(fstat(plan->state, &info), "read the state for hooks", NULL);
            if (!(state = malloc((size_t)info.st_size + 1))) oci_fail("allocate", NULL);
            oci_check((int)pread(plan->state, state, (size_t)info.st_size, 0), "read the state for hooks", NULL);
        }
        char said[400], sentence[sizeof((struct kd_oci_message *)0)->step];
        // A program of the image does not learn the engine's environment.
        char *const *environment = hook->variable_count ? hook->environment : kind == KD_OCI_HOOK_START_CONTAINER ? plan->variables : NULL;
        int status = kd_oci_hook(hook->path, hook->arguments, environment, state, (size_t)info.st_size, (int64_t)hook->timeout,
                                 plan->hook_output, plan->hook_errors, said, sizeof said);
        if (status == 0) continue;
        if (status < 0) oci_fail("run the hook", hook->path);
        if (WIFSIGNALED(status)) snprintf(sentence, sizeof sentence, "the hook was ended by signal %d", WTERMSIG(status));
        else snprintf(sentence, sizeof sentence, "the hook failed with exit code %d", WEXITSTATUS(status));
        char whole[512];
        snprintf(whole, sizeof whole, "%.90s%s%.400s", hook->path, said[0] ? ": " : "", said);
        oci_refuse(sentence, whole);
    }
    free(state);
}
