// PodNetwork
//
// Addresses, the one routed link between a node and its host, the links of pods, service rules, and the rules of network policies.
// Everything is asked of the kernel over netlink; no program is ever started. May import APIMachinery, JSONCore and LinuxKernel. Knows
// nothing about containers, and of the API only how a NetworkPolicy and a pod are written.
//
// Invariants: what is made inside a node's or a pod's network namespace disappears with it and is never undone piece by piece;
// what is made on the host is one link, its routes, one nf_tables table and one sysctl, and `NodeLink.sweep` undoes all of it.
