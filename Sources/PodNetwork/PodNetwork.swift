// PodNetwork
//
// Addresses, the one routed link between a node and its host, the links of pods, service rules, the rules of network policies, and cluster DNS.
// Everything is asked of the kernel over netlink; no program is ever started. May import APIMachinery, JSONCore and LinuxKernel. Knows
// nothing about containers, and of the API only how a NetworkPolicy and a pod are written.
//
// DNS: `DNSMessage` reads and writes messages, `DNSZone` answers for the cluster, `DNSExchange` decides about a question to other resolvers; none of
// them does I/O. `DNSLoop` does all of it, on the one thread of a `DNSServer`.
//
// Invariants: what is made inside a node's or a pod's network namespace disappears with it and is never undone piece by piece;
// what is made on the host is one link, its routes, one nf_tables table and one sysctl, and `NodeLink.sweep` undoes all of it.
