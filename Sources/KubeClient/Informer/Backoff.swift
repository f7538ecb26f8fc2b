/// Growing pauses between attempts.
package struct Backoff: Sendable {
    private let first: Duration
    private let maximum: Duration
    private let jitter: Double
    private var attempts = 0

    /// Pauses that double from `first` up to `maximum`, each lengthened by up to `jitter` of itself at random.
    package init(first: Duration = .milliseconds(100), maximum: Duration = .seconds(30), jitter: Double = 0.5) {
        self.first = first
        self.maximum = maximum
        self.jitter = jitter
    }

    /// The pause before the next attempt.
    package mutating func next() -> Duration {
        // 2^40 times the first pause is beyond every maximum, and a shift that far is safe.
        let grown = attempts < 40 ? first * (1 << attempts) : maximum
        attempts += 1
        let pause = min(grown, maximum)
        return jitter > 0 ? pause * (1 + Double.random(in: 0..<jitter)) : pause
    }

    /// Starts over after a success.
    package mutating func reset() {
        attempts = 0
    }
}
