#include "CNcurses.h"
#include "shared.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void watched(sigset_t *set) {
    static const int numbers[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaddset(set, numbers[i]);
}

void kd_signal_block(void) {
    sigset_t set;
    watched(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

int kd_signal_open(void) {
    sigset_t set;
    watched(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int kd_signal_read(int fd) {
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

static void crashed(int number) {
    kd_restore_now();
    // SA_RESETHAND has put the default back; returning would repeat the fault, raising makes an abort end too.
    raise(number);
}

void kd_signal_catch_crashes(void) {
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT};
    stack_t stack = {.ss_size = 16384, .ss_sp = malloc(16384)};
    if (stack.ss_sp != NULL) sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK | SA_RESETHAND | SA_NODEFER};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaction(numbers[i], &action, NULL);
}

static pid_t parent_of(pid_t pid) {
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    size_t count = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[count] = 0;
    char *end = strrchr(text, ')');
    int parent = 0;
    return end != NULL && sscanf(end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

bool kd_signal_stop_job(void) {
    // Somebody outside the job must be there to continue it, as POSIX demands of SIGTSTP (an orphaned process group never stops).
    pid_t outside = getppid();
    for (int depth = 0; depth < 16 && outside > 1 && getpgid(outside) == getpgrp(); depth++) outside = parent_of(outside);
    if (outside <= 1 || getsid(outside) != getsid(0)) return false;
    kill(0, SIGSTOP);
    return true;
}
