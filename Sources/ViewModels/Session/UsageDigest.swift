/// What a look at use brought, as tables and charts take it.
struct UsageLook: Sendable {
    /// Why some of it is not told, and of what is told what charts have room for.
    var reading: UsageReading
    /// Whether anything was told.
    var isTold: Bool
    /// What pods use now; nil when nobody sees it.
    var pods: UsageCells?
    /// What nodes use now, known as pods of no namespace are.
    var nodes: [String: PodUsage] = [:]
}

/// Asks a source what is used, and makes of the answer what the main actor can take at once: that of a cluster may tell of 100,000 pods.
actor UsageDigest {
    private let source: UsageSource
    private var sampler = UsageSampler()

    /// A digest of what this source tells.
    init(_ source: UsageSource) { self.source = source }

    /// Asks once. `history` is what charts know until now, nil where there are none; `isSeen` is whether somebody looks at tables.
    func look(_ scope: NamespaceScope, for history: UsageHistory?, isSeen: Bool) async -> UsageLook {
        var reading: UsageReading
        do { reading = try await source.read(scope) } catch { reading = UsageReading(failure: error) }
        var look = UsageLook(reading: reading, isTold: !reading.samples.isEmpty)
        if isSeen {
            look.pods = UsageCells(sampler.take(reading.samples))
            look.nodes = sampler.nodes
        }
        look.reading.samples = history?.part(of: reading.samples) ?? []
        reading.samples = []
        return look
    }
}
