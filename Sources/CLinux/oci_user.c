// Who the container's process is and what it may.
#include "oci_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void oci_become_root(struct oci_plan *plan) {
    char refused[16];
    if (read_in(plan->proc, "self/setgroups", refused, sizeof refused) >= 4 && strncmp(refused, "deny", 4) == 0) plan->flags |= KD_OCI_KEEPS_GROUPS;
    if (!(plan->flags & KD_OCI_KEEPS_GROUPS)) setgroups(0, NULL);
    uid_t uid = 0;
    gid_t gid = 0;
    if (setresgid(gid, gid, gid) < 0 && setresgid((gid_t)plan->gid, (gid_t)plan->gid, (gid_t)plan->gid) < 0)
        oci_fail("become the group 0 of the user namespace", NULL);
    if (setresuid(uid, uid, uid) < 0) {
        prctl(PR_SET_KEEPCAPS, 1);
        if (setresuid((uid_t)plan->uid, (uid_t)plan->uid, (uid_t)plan->uid) < 0) oci_fail("become the user 0 of the user namespace", NULL);
    }
}

static void drop_bounding(uint64_t kept) {
    for (int capability = 0; capability < 64; capability++) {
        if (kept >> capability & 1 || prctl(PR_CAPBSET_DROP, capability) == 0) continue;
        if (errno == EINVAL) return;  // beyond the last one this kernel has
        if (prctl(PR_CAPBSET_READ, capability) == 1) oci_fail("drop a capability", NULL);
    }
}

void oci_become_user(const struct oci_plan *plan) {
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct now[2], data[2] = { 0 };
    oci_check((int)syscall(SYS_capget, &header, now), "read capabilities", NULL);
    uint64_t held = now[0].permitted | (uint64_t)now[1].permitted << 32;
    const uint64_t *wanted = plan->capabilities;
    if (held) drop_bounding(wanted[OCI_BOUNDING]);
    oci_check(prctl(PR_SET_KEEPCAPS, 1), "keep capabilities", NULL);
    // Always, also for none: those of whoever started this must not stay.
    if (plan->flags & KD_OCI_KEEPS_GROUPS) {
        if (plan->group_count) oci_refuse("additionalGids cannot be set in this user namespace, where setgroups is refused; map groups with newgidmap", NULL);
    } else if (setgroups(plan->group_count, plan->groups) < 0) oci_fail("set additionalGids", NULL);
    char id[24];
    snprintf(id, sizeof id, "%lu", (unsigned long)plan->gid);
    oci_check(setresgid((gid_t)plan->gid, (gid_t)plan->gid, (gid_t)plan->gid), "become the group", id);
    snprintf(id, sizeof id, "%lu", (unsigned long)plan->uid);
    oci_check(setresuid((uid_t)plan->uid, (uid_t)plan->uid, (uid_t)plan->uid), "become the user", id);
    // Only what there is to give: what cannot be granted is no error, as the specification says.
    uint64_t permitted = wanted[OCI_PERMITTED] & held, effective = wanted[OCI_EFFECTIVE] & permitted, inheritable = wanted[OCI_INHERITABLE];
    inheritable &= held;
    // Without no_new_privs only this capability loads a filter, which is the last step: execve takes it away again, unless it is wanted or not bounded.
    if (plan->filter_size && !(plan->flags & KD_OCI_NO_NEW_PRIVILEGES)) {
        permitted |= held & 1ULL << CAP_SYS_ADMIN;
        effective |= held & 1ULL << CAP_SYS_ADMIN;
    }
    for (int i = 0; i < 2; i++) {
        data[i].permitted = (uint32_t)(permitted >> (32 * i));
        data[i].effective = (uint32_t)(effective >> (32 * i));
        data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
    }
    oci_check((int)syscall(SYS_capset, &header, data), "set capabilities", NULL);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int capability = 0; capability < 64; capability++) {
        if (!(wanted[OCI_AMBIENT] >> capability & 1)) continue;
        // Only of what is wanted as permitted, too: what is held just to load a filter must not stay.
        bool is_permitted = wanted[OCI_PERMITTED] >> capability & 1;
        if (is_permitted && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0) continue;
        if (!is_permitted) errno = EPERM;
        char name[16];
        snprintf(name, sizeof name, "%d", capability);
        oci_warn("raise the ambient capability", name);
    }
}

void oci_write_sysctls(const struct oci_plan *plan) {
    for (size_t i = 0; i < plan->sysctl_count; i++) {
        char path[512];
        if ((size_t)snprintf(path, sizeof path, "sys/%s", plan->sysctls[i].name) >= sizeof path) {
            errno = ENAMETOOLONG;
            oci_fail("set the sysctl", plan->sysctls[i].name);
        }
        oci_check(write_in(plan->proc, path, plan->sysctls[i].value), "set the sysctl", plan->sysctls[i].name);
    }
}

// HOME of a user as the container's /etc/passwd says, which is read as the file of a stranger.
static bool home_of(uint64_t uid, char *home, size_t size) {
    int file = open_in(AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK, RESOLVE_NO_MAGICLINKS);
    struct stat info;
    bool found = false;
    if (file < 0) return false;
    FILE *passwd = fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < 10 << 20 ? fdopen(file, "r") : NULL;
    if (!passwd) { close(file); return false; }
    char *line = NULL;
    size_t room = 0;
    while (!found && getline(&line, &room, passwd) > 0) {
        char *rest = line, *fields[7] = { 0 };
        for (int i = 0; i < 7; i++) fields[i] = strsep(&rest, ":");
        char *end = NULL;
        if (!fields[5] || !fields[2] || !*fields[2] || strtoul(fields[2], &end, 10) != uid || *end) continue;
        found = (size_t)snprintf(home, size, "%s", fields[5]) < size && home[0] == '/';
    }
    free(line);
    fclose(passwd);
    return found;
}

char *oci_home(uint64_t uid) {
    char home[1024], *text = NULL;
    if (!home_of(uid, home, sizeof home)) strcpy(home, "/");
    return asprintf(&text, "HOME=%s", home) < 0 ? NULL : text;
}
