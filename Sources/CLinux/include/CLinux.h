// Everything that Swift needs from the kernel and cannot reach through Glibc's module.
#pragma once
#include "syscalls.h"
#if __has_include("supervisor.h")
#include "supervisor.h"
#endif
#include "oci.h"
