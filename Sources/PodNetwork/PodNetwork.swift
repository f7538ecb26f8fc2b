// PodNetwork
//
// Addresses, the one routed link between a node and its host, the links of pods, and service rules. Everything is asked of the
// kernel over netlink; no program is ever started. May import LinuxKernel. Knows nothing about containers or the API.
//
// Invariants: what is made inside a node's or a pod's network namespace disappears with it and is never undone piece by piece;
// what is made on the host is one link, its routes, one nf_tables table and one sysctl, and `NodeLink.sweep` undoes all of it.
