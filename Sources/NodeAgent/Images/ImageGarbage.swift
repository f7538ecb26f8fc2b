import ContainerImages
import LinuxKernel

/// Which images go when the disk is nearly full. Pure.
///
/// Source: the kubelet's image garbage collection: its bounds, its ages, the longest unused first. It takes any image that no container uses, as it can
/// pull it again. Here most come from files and programs of this machine: while the disk is nearly full, only those go that have been used since the
/// daemon started, or that have lost their names; the others when the node is short of disk, which would end pods.
package struct ImageGarbage: Sendable, Hashable {
    /// What is known of an image.
    struct Candidate: Sendable, Hashable {
        let id: Digest
        let loadedAt: Timestamp
        /// When a container was started from it or seen with it, since the daemon started.
        let lastUse: Timestamp?
        let hasName: Bool
    }

    /// Source: imageMinimumGCAge.
    static let minimumAge: Duration = .seconds(120)
    /// How long from one round to the next. Source: the kubelet's ImageGCPeriod.
    static let interval: Duration = .seconds(300)

    /// Percent of the disk in use from which images go, 100 for never. Default 85. Source: imageGCHighThresholdPercent.
    package let high: Int64
    /// Percent of the disk in use down to which they go. Default 80. Source: imageGCLowThresholdPercent.
    package let low: Int64

    package init(high: Int64 = 85, low: Int64 = 80) {
        self.high = high
        self.low = min(low, high)
    }

    /// How much has to go; zero while the disk is not that full.
    func excess(capacity: ByteCount, available: ByteCount) -> ByteCount {
        let total = capacity.value
        guard total > 0, total < .max / 100, available.value >= 0, high < 100, 100 - available.value * 100 / total >= high else { return .zero }
        return ByteCount(max(0, total / 100 * (100 - low) - available.value))
    }

    /// The images that may go, the first one first.
    /// - Parameters:
    ///   - since: when the daemon began to watch who uses what.
    ///   - isUrgent: pods would have to go else.
    static func order(_ candidates: [Candidate], inUse: Set<Digest>, now: Timestamp, since: Timestamp, isUrgent: Bool) -> [Digest] {
        candidates.filter { image in
            guard !inUse.contains(image.id), isUrgent || image.lastUse != nil || !image.hasName else { return false }
            return now - max(image.lastUse ?? image.loadedAt, image.loadedAt, since) >= minimumAge
        }.sorted { a, b in
            (a.lastUse ?? Timestamp(seconds: 0), a.loadedAt, a.id.hex) < (b.lastUse ?? Timestamp(seconds: 0), b.loadedAt, b.id.hex)
        }.map(\.id)
    }
}

/// When images are collected, and when it is told that this did not give enough. Pure; times are monotonic.
struct ImageRounds: Sendable, Hashable {
    private var lastAt: Duration?
    private var toldAt: Duration?
    private var failures = 0

    /// How long the same trouble is not told again.
    static let silence: Duration = .seconds(3600)

    /// Whether a round is due; it is then under way.
    mutating func begin(at now: Duration) -> Bool {
        if let lastAt, now - lastAt < ImageGarbage.interval { return false }
        lastAt = now
        return true
    }

    /// A round freed enough.
    mutating func succeed() { (failures, toldAt) = (0, nil) }

    /// A round did not; returns what is to be told now. Source: the kubelet tells at once what could not be freed, and of the collection's failure when
    /// it is repeated.
    mutating func fail(at now: Duration) -> [String] {
        failures += 1
        let isNews = failures <= 2 || toldAt.map { now - $0 >= Self.silence } ?? true
        guard isNews else { return [] }
        toldAt = now
        return failures == 1 ? ["FreeDiskSpaceFailed"] : ["FreeDiskSpaceFailed", "ImageGCFailed"]
    }
}
