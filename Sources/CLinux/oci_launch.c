// `kdash oci` before Swift starts: what makes processes of a container runs from a file that no container can write.
#include "oci_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;
#define SEALED "KDASH_OCI_SEALED"

static bool is_oci(int argc, char **argv) {
    if (argc < 1 || !argv || !argv[0]) return false;
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    // The names of links that OCICommand knows.
    if (strcmp(name, "kdash-oci") == 0 || strcmp(name, "crun") == 0 || strcmp(name, "runc") == 0) return true;
    return argc > 1 && strcmp(argv[1], "oci") == 0;
}

static bool starts_processes(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "create") == 0 || strcmp(argv[i], "run") == 0 || strcmp(argv[i], "exec") == 0 || strcmp(argv[i], "mounts") == 0) return true;
    return false;
}

// Whether root of a container, who is this user at most, can open it for writing.
static bool is_unwritable(const char *path) {
    struct statvfs filesystem;
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    int seals = fcntl(file, F_GET_SEALS);
    bool safe = seals > 0 && seals & F_SEAL_WRITE;
    if (!safe && fstatvfs(file, &filesystem) == 0) safe = filesystem.f_flag & ST_RDONLY;
    // An ordinary user's containers have no right to a file of root's.
    if (!safe && geteuid() != 0 && fstat(file, &info) == 0)
        safe = info.st_uid == 0 && !(info.st_mode & 022) && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0;
    close(file);
    return safe;
}

__attribute__((constructor(101))) static void seal(int argc, char **argv) {
    if (!is_oci(argc, argv)) return;
    bool again = getenv(SEALED) != NULL;
    unsetenv(SEALED);
    if (!starts_processes(argc, argv) || is_unwritable("/proc/self/exe")) return;
    int program = again ? -1 : kd_seal_program("/proc/self/exe", "/run");
    if (program >= 0 && setenv(SEALED, "1", 1) == 0) syscall(SYS_execveat, program, "", argv, environ, AT_EMPTY_PATH);
    dprintf(2, "kdash oci: cannot protect this program from containers by a read-only copy: %s\n", again ? "the copy can be written" : strerrordesc_np(errno));
    _exit(1);
}
