// The program of the built-in image kdash.dev/demo:1. It is kdash itself, called kdash-demo, and takes over before Swift starts,
// so that a demo container costs a megabyte.
//
//   kdash-demo log    a line every second until SIGTERM, then exit 0
//   kdash-demo burn   computes until SIGTERM
//   kdash-demo job    five lines, then exit 0
//   kdash-demo fail   ten lines, then exit 7
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void stop(int signal) {
    (void)signal;
    stopped = 1;
}

static void line(const char *text, int length) {
    // A full or closed pipe loses a demo line and nothing else.
    if (write(STDOUT_FILENO, text, (size_t)length) < 0) return;
}

static int count(const char *what, int last, int pause_ms) {
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    char text[128];
    for (int n = 1; !stopped && (last == 0 || n <= last); n++) {
        line(text, snprintf(text, sizeof text, "%s %d\n", what, n));
        // Absolute deadlines: a thousand lines take a thousand seconds.
        long long due = start.tv_sec * 1000000000ll + start.tv_nsec + (long long)n * pause_ms * 1000000ll;
        struct timespec next = { due / 1000000000ll, due % 1000000000ll };
        while (!stopped && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) != 0) {}
    }
    return 0;
}

static int run(const char *mode) {
    if (!strcmp(mode, "log")) {
        count("hello from kdash, line", 0, 1000);
        line("stopping as asked\n", 18);
        return 0;
    }
    if (!strcmp(mode, "burn")) {
        volatile unsigned long long work = 0;
        line("burning\n", 8);
        while (!stopped) work += 1;
        return 0;
    }
    if (!strcmp(mode, "job")) {
        count("working on part", 5, 200);
        line("all done\n", 9);
        return 0;
    }
    if (!strcmp(mode, "fail")) {
        count("about to fail, line", 10, 50);
        return 7;
    }
    static const char usage[] = "usage: kdash-demo log|burn|job|fail\n";
    if (write(STDERR_FILENO, usage, sizeof usage - 1) < 0) return 2;
    return 2;
}

__attribute__((constructor(102))) static void take_over(int argc, char **argv) {
    if (argc < 1 || !argv || !argv[0]) return;
    const char *slash = strrchr(argv[0], '/');
    if (strcmp(slash ? slash + 1 : argv[0], "kdash-demo") != 0) return;
    struct sigaction action = { .sa_handler = stop };
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    _exit(run(argc > 1 ? argv[1] : "log"));
}
