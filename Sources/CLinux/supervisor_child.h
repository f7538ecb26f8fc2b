// Between clone and exec: what the parts of a new process share. Included by nothing else.
#pragma once
#include "supervisor_internal.h"

extern int child_sync;  // the supervisor's socket, for reports
// Reports errno with what failed, and ends the process.
_Noreturn void child_fail(const char *step, const char *path);

_Noreturn static inline void fail(const char *step, const char *path) { child_fail(step, path); }

static inline void check(int result, const char *step, const char *path) {
    if (result < 0) child_fail(step, path);
}

// Builds the container's root in this process's mount namespace, and enters it. `mapped`: the sandbox, when its users are its own.
void build_root(const struct plan *plan, const struct sandbox *mapped);
