internal import KubeClient
internal import Synchronization

/// Counts and times requests. Source: apiserver `pkg/endpoints/metrics/metrics.go`.
final class RequestMetrics: Sendable {
    /// What requests are told apart by.
    struct Labels: Hashable, Sendable {
        var verb: String
        var group: String
        var version: String
        var resource: String
        var subresource: String
        var scope: String
        var isDryRun: Bool
    }

    private struct Series {
        var codes: [Int: UInt64] = [:]
        var buckets: [UInt64]
        var sum: Double = 0
        var count: UInt64 = 0
    }

    private struct State {
        var series: [Labels: Series] = [:]
        var reading = 0
        var mutating = 0
        var audited: UInt64 = 0
    }

    /// The upper bounds of the histogram, in seconds.
    static let bounds: [Double] = [
        0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
    ]
    /// So many different requests are told apart; the rest count as one.
    private static let limit = 2000

    private let state = Mutex(State())

    init() {}

    /// A request has come in.
    func began(isMutating: Bool) {
        state.withLock { state in
            if isMutating { state.mutating += 1 } else { state.reading += 1 }
        }
    }

    /// A request has been answered.
    func ended(_ labels: Labels, isMutating: Bool, code: Int, seconds: Double) {
        state.withLock { state in
            if isMutating { state.mutating -= 1 } else { state.reading -= 1 }
            var key = labels
            if state.series[key] == nil, state.series.count >= Self.limit {
                key = Labels(verb: labels.verb, group: "", version: "", resource: "", subresource: "", scope: "", isDryRun: false)
            }
            var series = state.series[key] ?? Series(buckets: Array(repeating: 0, count: Self.bounds.count))
            state.series[key] = nil  // Gives up the other reference, so that the buckets change in place.
            series.codes[code, default: 0] += 1
            series.count += 1
            series.sum += seconds
            if let index = Self.bounds.firstIndex(where: { seconds <= $0 }) { series.buckets[index] += 1 }
            state.series[key] = series
        }
    }

    /// Appends everything in Prometheus' text form.
    func write(into text: inout MetricsText) {
        let (series, reading, mutating) = state.withLock { ($0.series, $0.reading, $0.mutating) }
        let sorted = series.sorted { first, second in
            (first.key.resource, first.key.verb, first.key.subresource, first.key.group)
                < (second.key.resource, second.key.verb, second.key.subresource, second.key.group)
        }
        text.begin("apiserver_request_total", .counter, "Requests answered, by verb, resource and code.")
        for (labels, series) in sorted {
            for (code, count) in series.codes.sorted(by: { $0.key < $1.key }) {
                text.sample("apiserver_request_total", [("code", String(code))] + Self.pairs(labels), Double(count))
            }
        }
        let name = "apiserver_request_duration_seconds"
        text.begin(name, .histogram, "Seconds until a request was answered.")
        for (labels, series) in sorted {
            let pairs = Self.pairs(labels)
            var total: UInt64 = 0
            for (bound, count) in zip(Self.bounds, series.buckets) {
                total += count
                text.sample("\(name)_bucket", pairs + [("le", MetricsText.number(bound))], Double(total))
            }
            text.sample("\(name)_bucket", pairs + [("le", "+Inf")], Double(series.count))
            text.sample("\(name)_sum", pairs, series.sum)
            text.sample("\(name)_count", pairs, Double(series.count))
        }
        text.begin("apiserver_current_inflight_requests", .gauge, "Requests that are being worked on.")
        // The request for this page is one of them.
        text.sample("apiserver_current_inflight_requests", [("request_kind", "mutating")], Double(mutating))
        text.sample("apiserver_current_inflight_requests", [("request_kind", "readOnly")], Double(reading))
    }

    private static func pairs(_ labels: Labels) -> [(String, String)] {
        [
            ("component", "apiserver"), ("dry_run", labels.isDryRun ? "All" : ""), ("group", labels.group), ("resource", labels.resource),
            ("scope", labels.scope), ("subresource", labels.subresource), ("verb", labels.verb), ("version", labels.version),
        ]
    }
}
