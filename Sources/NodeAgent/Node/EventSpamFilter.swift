/// Lets 25 events about one object pass at once and then one every five minutes, so that a probe that fails every second does not fill
/// the store. Pure. Source: client-go's EventSourceObjectSpamFilter.
struct EventSpamFilter: Sendable {
    private struct Bucket {
        var tokens: Double
        var filledAt: Duration
    }

    static let burst = 25.0
    static let refill: Duration = .seconds(300)
    /// Objects that are remembered; beyond that the full buckets, then all, are forgotten.
    static let memory = 4096
    private var buckets: [String: Bucket] = [:]

    /// Whether an event about the object `key` may be sent at the monotonic time `now`.
    mutating func admits(_ key: String, at now: Duration) -> Bool {
        var bucket = filled(buckets[key] ?? Bucket(tokens: Self.burst, filledAt: now), at: now)
        let isAdmitted = bucket.tokens >= 1
        if isAdmitted { bucket.tokens -= 1 }
        if buckets.count >= Self.memory, buckets[key] == nil {
            buckets = buckets.filter { filled($0.value, at: now).tokens < Self.burst }
            if buckets.count >= Self.memory { buckets = [:] }
        }
        buckets[key] = bucket
        return isAdmitted
    }

    private func filled(_ bucket: Bucket, at now: Duration) -> Bucket {
        Bucket(tokens: min(bucket.tokens + max(now - bucket.filledAt, .zero) / Self.refill, Self.burst), filledAt: now)
    }
}
