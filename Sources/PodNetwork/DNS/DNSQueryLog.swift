package import LinuxKernel
internal import Synchronization

/// One question that cluster DNS was asked, and what became of it.
package struct DNSQuery: Sendable, Hashable {
    /// Who knew the answer.
    package enum Source: String, Sendable, Hashable {
        /// The cluster's own names.
        case cluster
        /// A resolver of the host.
        case forwarded
        /// A resolver of the host, some time ago.
        case cache
    }

    /// When it was asked.
    package let time: Timestamp
    /// Who asked: a pod, the node or the host.
    package let client: IPv4Address
    /// The name in lower case without the final dot; `.` for the root. Bytes that are no printable ASCII are written `\DDD`.
    package let name: String
    /// `A`, `SRV`, …; `TYPE65` where we have no word for it.
    package let type: String
    /// Whether it came over TCP.
    package let isTCP: Bool
    /// `NOERROR`, `NXDOMAIN`, `SERVFAIL`, …
    package let code: String
    /// The data of the answers as text, eight at most; empty when the name has nothing of that type.
    package let answers: [String]
    /// From the question's arrival to the answer.
    package let duration: Duration
    package let source: Source

    package init(
        time: Timestamp, client: IPv4Address, name: String, type: String, isTCP: Bool = false, code: String, answers: [String] = [],
        duration: Duration, source: Source
    ) {
        self.time = time
        self.client = client
        self.name = name
        self.type = type
        self.isTCP = isTCP
        self.code = code
        self.answers = answers
        self.duration = duration
        self.source = source
    }
}

/// The last questions that cluster DNS was asked, in a ring of fixed size.
package final class DNSQueryLog: Sendable {
    private struct State {
        var ring: [DNSQuery] = []
        var next = 0
        var total: UInt64 = 0
    }

    /// How many questions are kept.
    package let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: at least 1.
    package init(capacity: Int = 1024) {
        precondition(capacity > 0, "a ring has room for something")
        self.capacity = capacity
    }

    /// How many questions were ever noted.
    package var total: UInt64 { state.withLock { $0.total } }

    /// The last questions, the newest first.
    package func recent(limit: Int = .max) -> [DNSQuery] {
        state.withLock { state in
            let count = state.ring.count
            return (0..<max(0, min(limit, count))).map { state.ring[(state.next - 1 - $0 + 2 * count) % count] }
        }
    }

    /// Notes a question; the oldest one goes when the ring is full.
    package func note(_ query: DNSQuery) {
        state.withLock { state in
            state.total += 1
            guard state.ring.count == capacity else {
                state.ring.append(query)
                state.next = state.ring.count % capacity
                return
            }
            state.ring[state.next] = query
            state.next = (state.next + 1) % capacity
        }
    }
}
