/// A set or map of a table. Keys and values are network-order bytes; parts of a compound key are padded to four bytes each.
package struct NFSet: Sendable, Hashable {
    /// What a map holds for a key.
    package enum Content: Sendable, Hashable {
        case membership
        /// Values of this many bytes.
        case data(length: UInt32)
        case verdicts
    }

    package let table: NFTable
    package let name: String
    package let keyLength: UInt32
    package let content: Content
    /// Distinguishes the sets made in one transaction; any number used once in it.
    package let id: UInt32
    /// Lives and dies with the one rule that looks it up. Its name must contain `%d`.
    package let isAnonymous: Bool
    /// How long rules may put elements in for; nil when only requests do, for good.
    package let timeout: Duration?

    package init(
        in table: NFTable, _ name: String, keyLength: UInt32, content: Content = .membership, id: UInt32, isAnonymous: Bool = false,
        timeout: Duration? = nil
    ) {
        self.table = table
        self.name = name
        self.keyLength = keyLength
        self.content = content
        self.id = id
        self.isAnonymous = isAnonymous
        self.timeout = timeout
    }

    /// Makes the set; one that exists is kept.
    package func create() -> NetlinkMessage {
        var flags: UInt32 = isAnonymous ? 3 : 0
        if content != .membership { flags |= 8 }
        if timeout != nil { flags |= 0x30 }
        return table.message("NFT_MSG_NEWSET \(name)", 9, NetlinkMessage.create) { payload in
            payload.attribute(1, table.name)
            payload.attribute(2, name)
            payload.attribute(3, bigEndian: flags)
            payload.attribute(4, bigEndian: UInt32(0))
            payload.attribute(5, bigEndian: keyLength)
            switch content {
            case .membership: break
            case .data(let length):
                payload.attribute(6, bigEndian: UInt32(0))
                payload.attribute(7, bigEndian: length)
            case .verdicts:
                payload.attribute(6, bigEndian: UInt32(0xffff_ff00))
                payload.attribute(7, bigEndian: UInt32(16))
            }
            payload.attribute(10, bigEndian: id)
            if let timeout { payload.attribute(11, bigEndian: UInt64(clamping: timeout.components.seconds) &* 1000) }
        }
    }

    /// Removes the set; ENOENT when there is none, EBUSY while a rule uses it.
    package func delete() -> NetlinkMessage { table.deleteSet(name) }

    /// Adds keys to a plain set.
    package func add(_ keys: [[UInt8]]) -> [NetlinkMessage] {
        elements(12, NetlinkMessage.create, keys.map { ($0, { _ in }) })
    }

    /// Adds values to a map.
    package func add(_ pairs: [(key: [UInt8], value: [UInt8])]) -> [NetlinkMessage] {
        elements(12, NetlinkMessage.create, pairs.map { pair in (pair.key, { $0.nested(2) { $0.attribute(1, pair.value) } }) })
    }

    /// Adds verdicts to a verdict map.
    package func add(_ pairs: [(key: [UInt8], verdict: NFExpression.Verdict)]) -> [NetlinkMessage] {
        elements(
            12, NetlinkMessage.create,
            pairs.map { pair in (pair.key, { $0.nested(2) { $0.nested(2) { pair.verdict.encode(into: &$0) } } }) })
    }

    /// Removes keys; ENOENT when one is missing.
    package func remove(_ keys: [[UInt8]]) -> [NetlinkMessage] {
        elements(14, 0, keys.map { ($0, { _ in }) })
    }

    /// Splits into messages whose element list stays below a netlink attribute's 64 KiB.
    private func elements(
        _ type: UInt16, _ flags: UInt16, _ items: [(key: [UInt8], fill: (inout NetlinkPayload) -> Void)]
    ) -> [NetlinkMessage] {
        stride(from: 0, to: items.count, by: 400).map { start in
            table.message("\(type == 12 ? "NFT_MSG_NEWSETELEM" : "NFT_MSG_DELSETELEM") \(name)", type, flags) { payload in
                payload.attribute(1, table.name)
                payload.attribute(2, name)
                if isAnonymous { payload.attribute(4, bigEndian: id) }
                payload.nested(3) { list in
                    for item in items[start..<min(start + 400, items.count)] {
                        list.nested(1) { element in
                            element.nested(1) { $0.attribute(1, item.key) }
                            item.fill(&element)
                        }
                    }
                }
            }
        }
    }
}
