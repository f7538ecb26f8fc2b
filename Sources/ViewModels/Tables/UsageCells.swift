import KubeClient

/// What pods use, put into the cells of their rows that tell it.
struct UsageCells: Sendable, Equatable {
    /// The last samples, by the row's uid.
    private(set) var samples: [ObjectID: PodUsage] = [:]
    /// Whether the source tells names, and no uids.
    private var isByName = false

    /// Nothing is known.
    init() {}

    /// What is used, by what each pod is known by.
    init(_ new: [String: PodUsage]) {
        samples = Dictionary(new.map { (ObjectID($0), $1) }, uniquingKeysWith: { first, _ in first })
        isByName = new.keys.contains { $0.contains("/") }
    }

    /// Forgets a row that is gone.
    mutating func forget(_ uid: String) { samples[ObjectID(uid)] = nil }

    /// Forgets everything.
    mutating func removeAll() { (samples, isByName) = ([:], false) }

    /// The cells of an object's row with what is used now.
    func filled(_ row: ResourceRow, uid: String) -> [TableCell] {
        var cells = row.cells
        let named = { PodStats.identity(namespace: row.namespace, name: row.name) }
        guard let sample = samples[ObjectID(uid)] ?? (isByName ? samples[ObjectID(named())] : nil) else { return cells }
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
