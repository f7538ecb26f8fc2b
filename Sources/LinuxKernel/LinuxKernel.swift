// LinuxKernel
//
// System calls with named errors, owned descriptors, time, randomness, files, unix sockets, child processes, netlink and nf_tables.
// May import only `CLinux` and Glibc. Knows nothing about Kubernetes, containers or kdash.
//
// Invariants: every descriptor made here is CLOEXEC; every failure is a `SystemError` that names the call and its arguments;
// nothing here follows a symbolic link while deleting; nothing starts another program except `ChildProcess`.
