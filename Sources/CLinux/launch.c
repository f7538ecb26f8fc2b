// The host's side: starting the supervisor from a large, multi-threaded process without forking it.
#include "include/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

// Overlay separates its lower directories by colons and unescapes backslashes.
static int escape(char *out, size_t size, const char *path) {
    size_t n = 0;
    for (; *path; path++) {
        if (*path == ':' || *path == '\\') {
            if (n + 1 >= size) return -1;
            out[n++] = '\\';
        }
        if (n + 1 >= size) return -1;
        out[n++] = *path;
    }
    out[n] = 0;
    return 0;
}

static int overlay_program(const char *path, const char *scratch) {
    char real[PATH_MAX], first[256], second[256], lower[256];
    ssize_t n = readlink(path, real, sizeof real - 1);
    if (n < 0) snprintf(real, sizeof real, "%s", path);
    else real[n] = 0;
    char *slash = strrchr(real, '/');
    if (!slash || slash == real) return -1;
    *slash = 0;
    if (escape(first, sizeof first, real) < 0 || escape(second, sizeof second, scratch) < 0) return -1;
    // fsconfig takes at most 255 bytes.
    if ((size_t)snprintf(lower, sizeof lower, "%s:%s", first, second) >= sizeof lower) return -1;
    int context = fsopen("overlay", FSOPEN_CLOEXEC), mount = -1, program = -1;
    if (context < 0) return -1;
    if (fsconfig(context, FSCONFIG_SET_STRING, "lowerdir", lower, 0) == 0 && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        mount = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (mount >= 0) program = openat(mount, slash + 1, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    close(context);
    if (mount >= 0) close(mount);
    // The file must be the very program that asked: a replaced or deleted one has another inode behind the overlay.
    struct stat wanted, found;
    if (program >= 0 && (stat(path, &wanted) < 0 || fstat(program, &found) < 0 || wanted.st_size != found.st_size
                         || wanted.st_mtim.tv_sec != found.st_mtim.tv_sec || wanted.st_mtim.tv_nsec != found.st_mtim.tv_nsec)) {
        close(program);
        return -1;
    }
    return program;
}

static int memory_program(const char *path) {
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0) return -1;
    int to = (int)syscall(SYS_memfd_create, "kdash-node", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (to < 0) to = (int)syscall(SYS_memfd_create, "kdash-node", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct stat info;
    int failed = to < 0 || fstat(from, &info) < 0;
    for (off_t left = failed ? 0 : info.st_size; left > 0 && !failed;) {
        ssize_t sent = sendfile(to, from, NULL, (size_t)left);
        if (sent <= 0) failed = 1;
        else left -= sent;
    }
    failed = failed || fchmod(to, 0511) < 0 || fcntl(to, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0;
    int saved = errno;
    close(from);
    if (failed && to >= 0) close(to);
    errno = saved;
    return failed ? -1 : to;
}

int kd_seal_program(const char *path, const char *scratch) {
    int program = overlay_program(path, scratch);
    return program >= 0 ? program : memory_program(path);
}

struct spawn {
    int program, boot, status;
    const char *path;
    char *const *argv;
    int error;
};

static void plain_signals(void) {
    struct sigaction plain = { .sa_handler = SIG_DFL };
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &plain, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

// Runs on the caller's memory until the exec: only system calls.
static int supervisor_child(void *context) {
    struct spawn *spawn = context;
    setsid();
    int program = fcntl(spawn->program, F_DUPFD, 64), boot = fcntl(spawn->boot, F_DUPFD, 64), status = fcntl(spawn->status, F_DUPFD, 64);
    int null = open("/dev/null", O_RDWR);
    if (program < 0 || boot < 0 || status < 0 || null < 0) goto failed;
    for (int fd = 0; fd < 3; fd++)
        if (dup2(null, fd) < 0) goto failed;
    if (dup2(boot, KD_BOOT_FD) < 0 || dup2(status, KD_BOOT_STATUS_FD) < 0 || dup3(program, 5, O_CLOEXEC) < 0) goto failed;
    if (close_range(6, ~0U, 0) < 0) goto failed;
    if (chdir("/") < 0) goto failed;
    plain_signals();
    char *argv[] = { "kdash-node", NULL }, *environment[] = { NULL };
    syscall(SYS_execveat, 5, "", argv, environment, AT_EMPTY_PATH);
failed:
    spawn->error = errno;
    _exit(127);
}

static pid_t run_on_own_stack(int (*body)(void *), struct spawn *spawn, uint64_t flags, int *pidfd) {
    size_t size = 256 << 10;
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -1;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t pid = clone(body, stack + size, (int)(flags | CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD), spawn, pidfd);
    int saved = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, size);
    errno = saved;
    return pid;
}

int32_t kd_supervisor_spawn(int program, int boot, int status, uint64_t flags, int *pidfd) {
    struct spawn spawn = { .program = program, .boot = boot, .status = status };
    pid_t pid = run_on_own_stack(supervisor_child, &spawn, flags, pidfd);
    if (pid > 0 && spawn.error) {
        siginfo_t info;
        waitid(P_PIDFD, (id_t)*pidfd, &info, WEXITED);
        close(*pidfd);
        errno = spawn.error;
        return -1;
    }
    return pid;
}

int kd_reap_pidfd(int pidfd) {
    siginfo_t info = { 0 };
    if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0) return -1;
    return info.si_pid != 0;
}

static int helper_child(void *context) {
    struct spawn *spawn = context;
    plain_signals();
    execv(spawn->path, spawn->argv);
    spawn->error = errno;
    _exit(127);
}

int kd_run_helper(const char *program, char *const argv[]) {
    struct spawn spawn = { .path = program, .argv = argv };
    int pidfd = -1, status = -1;
    pid_t pid = run_on_own_stack(helper_child, &spawn, 0, &pidfd);
    if (pid < 0) return -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    close(pidfd);
    if (spawn.error) {
        errno = spawn.error;
        return -1;
    }
    return status;
}

int kd_pipe_pair(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
