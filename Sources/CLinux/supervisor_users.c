// Users of a pod's own: the namespace that gives them numbers of the node's, and what is done in it and for it.
#include "supervisor_internal.h"
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int users_become_root(void) {
    return setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ? -1 : 0;
}

int users_join(int users) {
    return setns(users, CLONE_NEWUSER) < 0 ? -1 : users_become_root();
}

enum { SHARED_BY_CONTAINERS = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC };

// The namespace's first process. What it makes as the namespace's root belongs to that; host name and settings only that may write. Then it
// reaps for the pod, or ends once what it made has been opened.
_Noreturn static void first_main(int gate, bool reaps, const char *hostname, char *const *sysctls) {
    char go;
    if (recv(gate, &go, 1, 0) != 1) _exit(1);
    int error = users_become_root() < 0 || unshare(SHARED_BY_CONTAINERS) < 0 || sandbox_settle(SHARED_BY_CONTAINERS, hostname, sysctls) < 0 ? errno : 0;
    if (send(gate, &error, sizeof error, MSG_NOSIGNAL) < 0 || error || recv(gate, &go, 1, 0) != 1 || !reaps) _exit(error);
    pause_main();
}

static int write_map(pid_t pid, const char *name, uint32_t first, uint32_t count) {
    char path[32], text[48];
    snprintf(path, sizeof path, "%d/%s", pid, name);
    snprintf(text, sizeof text, "0 %u %u\n", first, count);
    return write_in(node.proc, path, text);
}

static int open_all(struct sandbox *sandbox, pid_t pid, bool shares_processes) {
    const struct { int *fd; const char *name; } spaces[] = {
        { &sandbox->users, "user" }, { &sandbox->network, "net" }, { &sandbox->uts, "uts" }, { &sandbox->ipc, "ipc" }, { &sandbox->pid, "pid" },
    };
    char process[16];
    snprintf(process, sizeof process, "%d", pid);
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        if (spaces[i].fd == &sandbox->pid && !shares_processes) continue;
        if ((*spaces[i].fd = namespace_of(process, spaces[i].name)) < 0) return -1;
    }
    return 0;
}

int users_create(struct sandbox *sandbox, const char *hostname, char *const *sysctls, uint32_t count, const char **step) {
    bool reaps = sandbox->flags & KD_SANDBOX_SHARED_PID;
    int gate[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) < 0) return errno;
    // At once: the kernel makes the users first, so that they own the processes.
    struct clone_args arguments = { .flags = CLONE_NEWUSER | (reaps ? CLONE_NEWPID : 0), .exit_signal = SIGCHLD };
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) {
        close(gate[0]);
        first_main(gate[1], reaps, hostname, sysctls);
    }
    int error = pid < 0 ? errno : 0, answer = 0;
    close(gate[1]);
    if (!error && (write_map(pid, "gid_map", sandbox->first_user, count) < 0 || write_map(pid, "uid_map", sandbox->first_user, count) < 0)) error = errno;
    if (error) *step = "make a user namespace";
    if (!error && send(gate[0], "", 1, MSG_NOSIGNAL) < 0) error = errno;
    if (!error) error = recv(gate[0], &answer, sizeof answer, 0) == sizeof answer ? answer : ECHILD;
    if (!error && (open_all(sandbox, pid, reaps) < 0 || send(gate[0], "", 1, MSG_NOSIGNAL) < 0)) error = errno;
    close(gate[0]);
    if (!error && reaps) sandbox->pause = pid;
    else if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return error;
}
