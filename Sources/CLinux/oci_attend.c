// What the command does while a container runs in its foreground, and small calls that Swift cannot make.
#include "oci_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static bool is_raw;

static void make_raw(void) {
    struct termios raw;
    if (tcgetattr(0, &before) < 0) return;
    raw = before;
    cfmakeraw(&raw);
    is_raw = tcsetattr(0, TCSANOW, &raw) == 0;
}

static void copy_size(int master) {
    struct winsize size;
    // A terminal that knows no size leaves the configured one.
    if (ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) ioctl(master, TIOCSWINSZ, &size);
}

// False at the end of what is read.
static bool relay(int from, int to) {
    char bytes[8192];
    ssize_t got = read(from, bytes, sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    for (ssize_t done = 0; done < got;) {
        ssize_t written = write(to, bytes + done, (size_t)(got - done));
        if (written < 0 && errno != EINTR && errno != EAGAIN) return false;
        if (written < 0) {
            struct pollfd room = { .fd = to, .events = POLLOUT };
            poll(&room, 1, -1);
        } else done += written;
    }
    return got > 0;
}

// True when the child ended.
static bool on_signals(int signals, pid_t pid, int master, int *status) {
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            pid_t ended;
            while ((ended = waitpid(-1, status, WNOHANG)) > 0)
                if (ended == pid) return true;
        } else if (info.ssi_signo == SIGWINCH && master >= 0) copy_size(master);
        else kill(pid, (int)info.ssi_signo);
    }
    return false;
}

int kd_oci_attend(int32_t pid, int master) {
    sigset_t all;
    int status = 0;
    sigfillset(&all);
    int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGTTIN, SIGTTOU, SIGTSTP, SIGPIPE };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&all, faults[i]);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &all, NULL);
    int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) return -1;
    // It may have ended before its signal was waited for.
    if (waitpid(pid, &status, WNOHANG) == pid) { close(signals); goto rest; }
    if (master >= 0) { make_raw(); copy_size(master); }
    struct pollfd what[] = { { .fd = signals, .events = POLLIN }, { .fd = master, .events = POLLIN }, { .fd = master >= 0 ? 0 : -1, .events = POLLIN } };
    for (;;) {
        if (poll(what, 3, -1) < 0 && errno != EINTR) break;
        if (what[1].revents && !relay(master, 1)) what[1].fd = -1;
        if (what[2].revents && !relay(0, master)) {
            char end = 4;  // as a terminal says that no more comes
            if (write(master, &end, 1) < 0) what[1].fd = -1;
            what[2].fd = -1;
        }
        if (what[0].revents && on_signals(signals, pid, master, &status)) break;
    }
    close(signals);
rest:
    if (master >= 0) {
        // What it wrote last is still in the terminal.
        for (struct pollfd left = { .fd = master, .events = POLLIN }; poll(&left, 1, 0) > 0 && left.revents & POLLIN && relay(master, 1);) {}
    }
    if (is_raw) tcsetattr(0, TCSANOW, &before);
    return status;
}

int kd_oci_prlimit(int32_t pid, uint32_t resource, uint64_t soft, uint64_t hard) {
    struct rlimit64 limit = { soft, hard }, now;
    if (syscall(SYS_prlimit64, pid, resource, &limit, NULL) == 0) return 0;
    // Without CAP_SYS_RESOURCE a hard limit cannot be raised: as much as there is.
    if (errno != EPERM || syscall(SYS_prlimit64, pid, resource, NULL, &now) < 0) return -1;
    if (limit.rlim_max > now.rlim_max) limit.rlim_max = now.rlim_max;
    if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
    return syscall(SYS_prlimit64, pid, resource, &limit, NULL) == 0 ? 1 : -1;
}

int kd_oci_mkfifo(const char *path) { return mkfifo(path, 0600); }
