/// What pods use, put into the cells of their rows that tell it.
struct UsageCells {
    /// The last samples, by the row's uid.
    private(set) var samples: [ObjectID: PodUsage] = [:]

    /// Replaces all; whether anything changed.
    mutating func replace(_ new: [String: PodUsage]) -> Bool {
        let made = Dictionary(new.map { (ObjectID($0), $1) }, uniquingKeysWith: { first, _ in first })
        guard samples != made else { return false }
        samples = made
        return true
    }

    /// Forgets a row that is gone.
    mutating func forget(_ uid: String) { samples[ObjectID(uid)] = nil }

    /// Forgets everything.
    mutating func removeAll() { samples = [:] }

    /// The cells with what is used now.
    func filled(_ cells: [TableCell], uid: String) -> [TableCell] {
        guard let sample = samples[ObjectID(uid)] else { return cells }
        var cells = cells
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
