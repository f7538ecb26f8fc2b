internal import CLinux
package import LinuxKernel

/// A container that ran under a supervisor which is gone.
package struct InterruptedContainer: Sendable, Hashable {
    package let id: String
    package let sandboxID: String
    package let startedAt: Timestamp
    /// What the supervisor still wrote down; nil when the container ended with it (reported as 137, `ContainerStatusUnknown`).
    package let exit: ExitRecord?

    package init(id: String, sandboxID: String, startedAt: Timestamp, exit: ExitRecord?) {
        self.id = id
        self.sandboxID = sandboxID
        self.startedAt = startedAt
        self.exit = exit
    }
}

/// Reads the supervisor's journal of starts and ends after it is gone.
enum ExitJournal {
    /// The containers that were neither removed nor forgotten, in the order of their starts. A record cut short by a
    /// crash ends the journal.
    static func read(_ bytes: [UInt8]) -> [InterruptedContainer] {
        let size = MemoryLayout<kd_journal_record>.size
        var order: [String] = []
        var found: [String: InterruptedContainer] = [:]
        for start in stride(from: 0, through: bytes.count - size, by: size) {
            var record = bytes[start..<start + size].withUnsafeBytes { $0.loadUnaligned(as: kd_journal_record.self) }
            guard record.magic == UInt32(KD_JOURNAL_MAGIC), record.checksum == kd_journal_checksum(&record) else { break }
            let id = text(&record.id)
            switch kd_journal_kind(rawValue: record.kind) {
            case KD_JOURNAL_STARTED:
                order.append(id)
                found[id] = InterruptedContainer(
                    id: id, sandboxID: text(&record.sandbox), startedAt: Timestamp(nanosecondsSince1970: record.time), exit: nil)
            case KD_JOURNAL_EXITED:
                guard let known = found[id] else { continue }
                let exit = ExitRecord(
                    waitStatus: record.status, oomKills: record.oom_kills, finishedAt: Timestamp(nanosecondsSince1970: record.time))
                found[id] = InterruptedContainer(id: id, sandboxID: known.sandboxID, startedAt: known.startedAt, exit: exit)
            case KD_JOURNAL_REMOVED: found[id] = nil
            default: continue
            }
        }
        return order.compactMap { found.removeValue(forKey: $0) }
    }

    private static func text<T>(_ buffer: inout T) -> String {
        withUnsafeBytes(of: &buffer) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
