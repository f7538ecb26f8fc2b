/// A base chain that some program hung into the packets' way.
package struct NFBaseChain: Sendable, Hashable {
    /// `NFPROTO_…`: 1 inet, 2 IPv4, 10 IPv6.
    package let family: UInt8
    package let table: String
    package let name: String
    package let type: String
    package let hook: UInt32
    package let priority: Int32
    /// Whether packets that no rule decides about are dropped.
    package let dropsByDefault: Bool
}

extension NetlinkSocket {
    /// The names of all tables of one family.
    package func tables(_ family: NFTable.Family) throws(SystemError) -> [String] {
        try dump(listing("NFT_MSG_GETTABLE", 1, family.rawValue)).compactMap { $0.attributes(after: 4).text(1) }
    }

    /// Every base chain of every family.
    package func baseChains() throws(SystemError) -> [NFBaseChain] {
        try dump(listing("NFT_MSG_GETCHAIN", 4, 0)).compactMap { reply in
            let attributes = reply.attributes(after: 4)
            guard let hook = attributes.nested(4), let number = hook.bigEndian(1, UInt32.self) else { return nil }
            return NFBaseChain(
                family: reply.field(UInt8.self, at: 0), table: attributes.text(1) ?? "", name: attributes.text(3) ?? "",
                type: attributes.text(7) ?? "", hook: number, priority: hook.bigEndian(2) ?? 0,
                dropsByDefault: attributes.bigEndian(5, UInt32.self) == 0)
        }
    }

    /// How many rules a chain has.
    package func ruleCount(in chain: String, of table: NFTable) throws(SystemError) -> Int {
        try dump(listing("NFT_MSG_GETRULE", 7, table.family.rawValue)).count { reply in
            let attributes = reply.attributes(after: 4)
            return attributes.text(1) == table.name && attributes.text(2) == chain
        }
    }

    /// The keys and values of a map.
    package func elements(of map: NFSet) throws(SystemError) -> [(key: [UInt8], value: [UInt8])] {
        try elements(of: map.name, in: map.table).map { (Array($0.nested(1)?[1] ?? []), Array($0.nested(2)?[1] ?? [])) }
    }

    /// What a set or map holds, as the kernel tells it.
    func elements(of set: String, in table: NFTable) throws(SystemError) -> [NetlinkAttributes] {
        let request = table.message("NFT_MSG_GETSETELEM \(set)", 13) { payload in
            payload.attribute(1, table.name)
            payload.attribute(2, set)
        }
        return try dump(request).flatMap { ($0.attributes(after: 4).nested(3)?.ordered ?? []).map { NetlinkAttributes($0.value) } }
    }

    private func listing(_ label: String, _ type: UInt16, _ family: UInt8) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(family, UInt8(0), UInt16(0))
        return NetlinkMessage(label, type: 10 << 8 | type, payload: payload)
    }
}
