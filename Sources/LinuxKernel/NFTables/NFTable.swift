/// Requests about one nf_tables table, for `NetlinkSocket.commit`. Numbers are the kernel's own
/// (linux/netfilter/nf_tables.h). The table belongs to one address family.
package struct NFTable: Sendable, Hashable {
    package enum Family: UInt8, Sendable {
        case inet = 1
        case ipv4 = 2
    }

    /// Where a base chain sits in a packet's way.
    package enum Hook: UInt32, Sendable { case prerouting, input, forward, output, postrouting }

    package enum ChainType: String, Sendable { case filter, nat }

    package let family: Family
    package let name: String

    package init(_ family: Family, _ name: String) {
        self.family = family
        self.name = name
    }

    /// Makes the table; one that exists is kept.
    package func create() -> NetlinkMessage {
        message("NFT_MSG_NEWTABLE", 0, NetlinkMessage.create) { payload in
            payload.attribute(1, name)
            payload.attribute(2, bigEndian: UInt32(0))
        }
    }

    /// Removes the table and everything in it; ENOENT when there is none.
    package func delete() -> NetlinkMessage {
        message("NFT_MSG_DELTABLE", 2) { $0.attribute(1, name) }
    }

    /// A chain that packets pass at `hook`; lower priorities run first. Policy: accept.
    package func createBaseChain(_ chain: String, _ type: ChainType, _ hook: Hook, priority: Int32) -> NetlinkMessage {
        message("NFT_MSG_NEWCHAIN \(chain)", 3, NetlinkMessage.create) { payload in
            payload.attribute(1, name)
            payload.attribute(3, chain)
            payload.nested(4) { hookPayload in
                hookPayload.attribute(1, bigEndian: hook.rawValue)
                hookPayload.attribute(2, bigEndian: priority)
            }
            payload.attribute(5, bigEndian: UInt32(1))
            payload.attribute(7, type.rawValue)
        }
    }

    /// A chain that is only jumped to.
    package func createChain(_ chain: String) -> NetlinkMessage {
        message("NFT_MSG_NEWCHAIN \(chain)", 3, NetlinkMessage.create) { payload in
            payload.attribute(1, name)
            payload.attribute(3, chain)
        }
    }

    /// Removes a chain nobody jumps to any more, with its rules.
    package func deleteChain(_ chain: String) -> NetlinkMessage {
        message("NFT_MSG_DELCHAIN \(chain)", 5) { payload in
            payload.attribute(1, name)
            payload.attribute(3, chain)
        }
    }

    /// Removes every rule of a chain.
    package func flushChain(_ chain: String) -> NetlinkMessage {
        message("NFT_MSG_DELRULE \(chain)", 8) { payload in
            payload.attribute(1, name)
            payload.attribute(2, chain)
        }
    }

    /// Adds a rule at the end of a chain.
    package func appendRule(to chain: String, _ expressions: [NFExpression]) -> NetlinkMessage {
        message("NFT_MSG_NEWRULE \(chain)", 6, NetlinkMessage.create | NetlinkMessage.append) { payload in
            payload.attribute(1, name)
            payload.attribute(2, chain)
            payload.nested(4) { list in
                for expression in expressions {
                    list.nested(1) { item in
                        item.attribute(1, expression.name)
                        item.nested(2) { $0 = expression.payload }
                    }
                }
            }
        }
    }

    /// Removes a set; ENOENT when there is none, EBUSY while a rule uses it.
    package func deleteSet(_ set: String) -> NetlinkMessage {
        message("NFT_MSG_DELSET \(set)", 11) { payload in
            payload.attribute(1, name)
            payload.attribute(2, set)
        }
    }

    func message(
        _ label: String, _ type: UInt16, _ flags: UInt16 = 0, _ fill: (inout NetlinkPayload) -> Void
    ) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(family.rawValue, UInt8(0), UInt16(0))
        fill(&payload)
        return NetlinkMessage("\(label) in \(name)", type: 10 << 8 | type, flags: flags, payload: payload)
    }
}
