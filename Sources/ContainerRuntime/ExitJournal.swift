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
    /// The containers that were neither removed nor forgotten, in the order of their starts. Damaged records, as a crash leaves
    /// them, are left out; what comes before the last whole snapshot is history.
    static func read(_ bytes: [UInt8]) -> [InterruptedContainer] {
        var order: [String] = []
        var found: [String: InterruptedContainer] = [:]
        let records = records(bytes)
        for entry in records[start(of: records)...] {
            guard var record = entry else { continue }
            let id = text(&record.id)
            switch kd_journal_kind(rawValue: record.kind) {
            // A snapshot that did not become whole repeats starts whose ends are known.
            case KD_JOURNAL_STARTED where found[id] == nil:
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

    /// All records; nil where one is damaged. Half a record at the end is none.
    private static func records(_ bytes: [UInt8]) -> [kd_journal_record?] {
        let size = MemoryLayout<kd_journal_record>.size
        return stride(from: 0, through: bytes.count - size, by: size).map { start in
            var record = bytes[start..<start + size].withUnsafeBytes { $0.loadUnaligned(as: kd_journal_record.self) }
            return record.magic == UInt32(KD_JOURNAL_MAGIC) && record.checksum == kd_journal_checksum(&record) ? record : nil
        }
    }

    /// Where the last whole snapshot begins; 0 when there is none.
    private static func start(of records: [kd_journal_record?]) -> Int {
        for end in records.indices.reversed() {
            guard let record = records[end], record.kind == KD_JOURNAL_SNAPSHOT.rawValue else { continue }
            let begin = end - Int(record.status)
            if record.status >= 0, begin >= 0, records[begin..<end].allSatisfy({ $0 != nil }) { return begin }
        }
        return 0
    }

    private static func text<T>(_ buffer: inout T) -> String {
        withUnsafeBytes(of: &buffer) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
