/// The growing pause between attempts at something that keeps failing.
///
/// Source: the kubelet's container and image back-off: 10 s, doubled up to 300 s, forgotten after 10 minutes of success.
struct BackOff: Sendable, Hashable {
    /// The first pause that is not zero.
    static let initial: Duration = .seconds(10)
    /// No pause is longer.
    static let maximum: Duration = .seconds(300)
    /// A run this long clears the history.
    static let forgottenAfter: Duration = .seconds(600)

    /// How often in a row it failed.
    private(set) var failures = 0

    /// The pause before a container is restarted: none the first time, then 10 s, 20 s, …
    var restartDelay: Duration { Self.pause(failures - 1) }

    /// The pause before something that failed is tried again: 10 s, 20 s, …
    var retryDelay: Duration { Self.pause(failures) }

    private static func pause(_ number: Int) -> Duration {
        number < 1 ? .zero : min(initial * (1 << min(number - 1, 5)), maximum)
    }

    /// Counts one more failure; `ran` is how long it had worked before.
    mutating func failed(after ran: Duration = .zero) {
        if ran >= Self.forgottenAfter { failures = 0 }
        failures += 1
    }

    /// Forgets earlier failures.
    mutating func succeeded() {
        failures = 0
    }
}
