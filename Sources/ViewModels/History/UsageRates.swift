import KubeClient

/// What a step of an hour's history knows of transfers and of waiting: sums over its samples, as of the rest of ``UsageHistory/Step``.
struct UsageRates: Sendable, Hashable {
    /// Bytes a second read from disks, or that came in.
    var received: Float = 0
    /// Bytes a second written to disks, or that went out.
    var sent: Float = 0
    /// Percent of the time in which some task waited for a processor, for memory and for disks.
    var waits: SIMD3<Float> = .zero
    var transferSamples: UInt16 = 0
    var waitSamples: UInt16 = 0
    /// Processes killed for memory.
    var kills: UInt16 = 0

    /// Adds what was counted between two samples, `seconds` apart. A counter that went back belongs to another cgroup, and tells nothing.
    mutating func add(_ new: TransferSample?, since old: TransferSample?, seconds: Double) {
        guard let new, let old, new.received >= old.received, new.sent >= old.sent, seconds > 0, transferSamples < .max else { return }
        received += Float(Double(new.received - old.received) / seconds)
        sent += Float(Double(new.sent - old.sent) / seconds)
        transferSamples += 1
    }

    /// Adds how long tasks waited between two samples.
    mutating func add(_ new: UsageSample.Pressure?, since old: UsageSample.Pressure?, seconds: Double) {
        guard let new, let old, seconds > 0, waitSamples < .max else { return }
        func percent(_ part: KeyPath<UsageSample.Pressure, PressureSample>) -> Float {
            let waited = new[keyPath: part].some.nanoseconds - old[keyPath: part].some.nanoseconds
            return Float(min(100, max(0, Double(waited) / 1e7 / seconds)))
        }
        waits += SIMD3(percent(\.cpu), percent(\.memory), percent(\.io))
        waitSamples += 1
    }
}

extension [UsageHistory.Step] {
    /// Mean bytes a second that were read, or came in.
    var received: [Double?] { map { $0.rates.transferSamples == 0 ? nil : Double($0.rates.received) / Double($0.rates.transferSamples) } }
    /// Mean bytes a second that were written, or went out.
    var sent: [Double?] { map { $0.rates.transferSamples == 0 ? nil : Double($0.rates.sent) / Double($0.rates.transferSamples) } }
    /// Mean percent of the time in which some task waited: 0 for a processor, 1 for memory, 2 for disks.
    func waits(_ index: Int) -> [Double?] { map { $0.rates.waitSamples == 0 ? nil : Double($0.rates.waits[index]) / Double($0.rates.waitSamples) } }
    /// Whether any step knows of transfers.
    var hasTransfers: Bool { contains { $0.rates.transferSamples > 0 } }
    /// Whether any step knows of waiting.
    var hasWaits: Bool { contains { $0.rates.waitSamples > 0 } }
    /// The steps in which processes were killed for memory.
    var kills: [Int: ChartModel.Mark] {
        var marks: [Int: ChartModel.Mark] = [:]
        for (index, step) in enumerated() where step.rates.kills > 0 { marks[index] = .outOfMemory }
        return marks
    }
}
