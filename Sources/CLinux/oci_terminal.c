// A container's terminal.
#include "oci_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

enum { DEVPTS_MAGIC = 0x1cd1 };

static int open_master(void) {
    int devices = open_in(AT_FDCWD, "/dev/pts", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    struct statfs filesystem;
    int master = -1;
    if (devices >= 0 && fstatfs(devices, &filesystem) == 0 && filesystem.f_type == DEVPTS_MAGIC)
        master = openat(devices, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
    close_fd(&devices);
    // A container without terminals of its own has what its /dev/ptmx is, which must be one.
    if (master < 0) master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct stat info;
    if (master >= 0 && (fstat(master, &info) < 0 || !S_ISCHR(info.st_mode))) oci_refuse("/dev/ptmx of the container is no terminal", NULL);
    return master;
}

static void send_master(const struct oci_plan *plan, int master) {
    struct kd_oci_message message = { .type = KD_OCI_MASTER };
    // Engines read the name of what they get.
    static char name[] = "/dev/ptmx";
    bool is_console = plan->console >= 0;
    struct iovec data = { is_console ? (void *)name : &message, is_console ? strlen(name) : sizeof message };
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
    memcpy(CMSG_DATA(&control.header), &master, sizeof(int));
    struct msghdr packet = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
    oci_check((int)sendmsg(is_console ? plan->console : oci_sync, &packet, MSG_NOSIGNAL), "send the terminal to the console socket", NULL);
}

void oci_open_terminal(const struct oci_plan *plan, bool is_container) {
    int master = open_master(), unlock = 0;
    oci_check(master, "open a terminal of the container", "/dev/ptmx");
    oci_check(ioctl(master, TIOCSPTLCK, &unlock), "unlock", "the terminal");
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    oci_check(slave, "open", "the terminal");
    struct winsize size = { .ws_col = (unsigned short)(plan->terminal_size >> 16), .ws_row = (unsigned short)plan->terminal_size };
    if (plan->terminal_size) oci_check(ioctl(master, TIOCSWINSZ, &size), "set the size of", "the terminal");
    if (fchown(slave, (uid_t)plan->uid, (gid_t)-1) < 0 && errno != EPERM && errno != EINVAL) oci_fail("own", "the terminal");
    if (is_container && plan->flags & KD_OCI_HAS_DEVICES) {
        int console = open_in(AT_FDCWD, "/dev/console", O_PATH, RESOLVE_NO_SYMLINKS), tree = clone_tree(slave, "", false);
        if (console >= 0) {
            oci_check(tree, "copy", "the terminal");
            oci_check(attach(tree, console), "mount", "/dev/console");
        }
        close_fd(&console);
        close_fd(&tree);
    }
    oci_check(ioctl(slave, TIOCSCTTY, 0), "control", "the terminal");
    for (int fd = 0; fd < 3; fd++) oci_check(dup2(slave, fd), "connect", "the terminal");
    send_master(plan, master);
    close(master);
    close(slave);
}
