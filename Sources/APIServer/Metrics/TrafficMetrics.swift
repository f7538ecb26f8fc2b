internal import Synchronization

/// Counts connections and requests by the protocol they speak.
final class TrafficMetrics: Sendable {
    /// The figures of one protocol.
    final class Counts: Sendable {
        private let connections = Atomic<Int>(0)
        private let requests = Atomic<Int>(0)
        private let openRequests = Atomic<Int>(0)

        /// A handshake has ended in this protocol.
        func connectionOpened() { connections.add(1, ordering: .relaxed) }

        /// The connection has gone, or speaks something else from now on.
        func connectionClosed() { connections.subtract(1, ordering: .relaxed) }

        /// The head of a request has arrived.
        func requestBegan() {
            requests.add(1, ordering: .relaxed)
            openRequests.add(1, ordering: .relaxed)
        }

        /// The answer is written, or nobody waits for it any more.
        func requestEnded() { openRequests.subtract(1, ordering: .relaxed) }

        /// Open connections, requests so far, and those among them that are not over.
        var values: (connections: Int, requests: Int, openRequests: Int) {
            (connections.load(ordering: .relaxed), requests.load(ordering: .relaxed), openRequests.load(ordering: .relaxed))
        }
    }

    let http1 = Counts()
    let http2 = Counts()

    init() {}

    /// Appends everything in Prometheus' text form.
    func write(into text: inout MetricsText) {
        let all = [("http/1.1", http1.values), ("h2", http2.values)]
        func family(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: ((connections: Int, requests: Int, openRequests: Int)) -> Int) {
            text.begin(name, kind, help)
            for (label, values) in all { text.sample(name, [("protocol", label)], Double(value(values))) }
        }
        family("kdash_http_connections", .gauge, "Open connections, by the protocol agreed on.") { $0.connections }
        family("kdash_http_requests_total", .counter, "Requests received, by protocol.") { $0.requests }
        family("kdash_http_open_requests", .gauge, "Requests whose answer is not complete, watches among them, by protocol.") { $0.openRequests }
    }
}
