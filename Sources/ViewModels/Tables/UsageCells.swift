/// What pods use, put into the cells of their rows that tell it.
struct UsageCells: Sendable {
    /// The last samples, by the row's uid.
    private(set) var samples: [ObjectID: PodUsage] = [:]
    /// Whether the source tells names, and no uids.
    private var isByName = false

    /// Replaces all; whether anything changed.
    mutating func replace(_ new: [String: PodUsage]) -> Bool {
        let made = Dictionary(new.map { (ObjectID($0), $1) }, uniquingKeysWith: { first, _ in first })
        guard samples != made else { return false }
        samples = made
        isByName = new.keys.contains { $0.contains("/") }
        return true
    }

    /// Forgets a row that is gone.
    mutating func forget(_ uid: String) { samples[ObjectID(uid)] = nil }

    /// Forgets everything.
    mutating func removeAll() { (samples, isByName) = ([:], false) }

    /// A row's cells with what is used now; `name` is what its pod is known by where the source tells no uids.
    func filled(_ row: ResourceRow, name: () -> String) -> [TableCell] {
        var cells = row.cells
        guard let sample = samples[ObjectID(row.uid)] ?? (isByName ? samples[ObjectID(name())] : nil) else { return cells }
        if let measuredAt = sample.measuredAt, let createdAt = row.createdAt, measuredAt < createdAt { return cells }
        for place in cells.indices {
            guard case .usage(var usage) = cells[place] else { continue }
            let (used, isEnforced) =
                usage.unit == .milliCPU ? (sample.cpu, sample.isCPULimitEnforced) : (sample.memory, sample.isMemoryLimitEnforced)
            usage.used = used
            if usage.limit != nil, !isEnforced { (usage.isLimitEnforced, usage.note) = (false, "not enforced") }
            cells[place] = .usage(usage)
        }
        return cells
    }
}
