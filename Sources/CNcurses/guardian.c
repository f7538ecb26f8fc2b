#include "CNcurses.h"
#include "shared.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile pid_t child;
static bool started;

static void forward(int number) {
    int saved = errno;
    if (child > 0) kill(child, number);
    errno = saved;
}

static bool is_stopped(pid_t pid) {
    char path[32], text[256];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t count = read(fd, text, sizeof text - 1);
    close(fd);
    if (count <= 0) return false;
    text[count] = 0;
    char *end = strrchr(text, ')');
    return end != NULL && end[1] == ' ' && end[2] == 'T';
}

// The guardian's life: wait for the child; stop when it stops, go on when it goes on, end as it ends.
static void guard(void) {
    static const int passed[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP};
    struct sigaction action = {.sa_handler = forward, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) sigaction(passed[i], &action, NULL);
    signal(SIGWINCH, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (;;) {
        int status;
        pid_t pid = waitpid(child, &status, WUNTRACED);
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) _exit(1);
        if (WIFSTOPPED(status)) {
            // After Ctrl-Z the whole job was stopped, this process too, and the child had given the terminal back; by now it may have it again and run.
            // Only a child that stands still with the terminal taken was stopped alone: follow it, or the shell would wait for ever.
            struct kd_restore *page = kd_restore_page();
            if (!page->active || !is_stopped(child) || !page->active) continue;
            kd_restore_now();
            raise(SIGSTOP);
            kill(child, SIGCONT);
        } else if (WIFEXITED(status)) {
            _exit(WEXITSTATUS(status));
        } else if (WIFSIGNALED(status)) {
            kd_restore_now();
            int number = WTERMSIG(status);
            struct rlimit no_core = {0, 0};
            setrlimit(RLIMIT_CORE, &no_core);
            signal(number, SIG_DFL);
            raise(number);
            _exit(128 + number);
        }
    }
}

void kd_guardian_start(void) {
    if (started) return;
    started = true;
    kd_restore_page();
    kd_signal_block();
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) return;
    if (pid > 0) {
        child = pid;
        guard();
    }
    // Without its guardian the shell has the terminal again; the screen must go.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);
}

// `kdash`, or a copy of it under a name such as kdash-new; never a program whose name only begins so.
static bool is_own_name(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    return strcmp(name, "kdash") == 0 || strncmp(name, "kdash-", 6) == 0;
}

bool kd_guardian_wanted(int argc, char *const argv[]) {
    if (argc < 1 || !is_own_name(argv[0])) return false;
    static const char *const valued[] = {
        "--data-dir", "--api-port", "--nodes", "--simulated-nodes", "--context", "--kubeconfig", "-n", "--namespace", "--theme", "--as", "--as-group",
    };
    for (int i = argc > 1 && strcmp(argv[1], "screen") == 0 ? 2 : 1; i < argc; i++) {
        if (argv[i][0] != '-') return false;
        if (strcmp(argv[i], "--plain") == 0) return false;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--version") == 0) return false;
        for (size_t k = 0; k < sizeof valued / sizeof *valued; k++) {
            if (strcmp(argv[i], valued[k]) == 0) {
                i++;
                break;
            }
        }
    }
    return true;
}

// Before Swift starts a thread; after priorities 101 and 102, where the node supervisor and the demo program take over under their names.
__attribute__((constructor(103))) static void guard_the_screen(int argc, char *argv[]) {
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && kd_guardian_wanted(argc, argv)) kd_guardian_start();
}
