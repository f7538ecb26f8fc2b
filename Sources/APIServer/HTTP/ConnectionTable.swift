/// Which connections a listener holds, and which one goes when there is no room for a new one.
///
/// A connection is unproven until somebody has shown credentials on it. Unproven ones have a limit of their own and make room from the
/// oldest on, so that thousands of connections that say nothing cannot keep out a client that does. No input or output.
struct ConnectionTable<Key: Hashable, Connection> {
    private struct Entry {
        let connection: Connection
        let number: UInt64
        var isProven = false
    }

    private let maximum: Int
    private let maximumUnproven: Int
    private var entries: [Key: Entry] = [:]
    // The unproven by arrival; places whose connection has gone or is proven are passed over.
    private var arrivals: [(number: UInt64, key: Key)] = []
    private var oldest = 0
    private var last: UInt64 = 0

    /// How many connections nobody has shown credentials on.
    private(set) var unproven = 0

    /// How many connections there are.
    var count: Int { entries.count }

    /// Every connection.
    var connections: [Connection] { entries.values.map(\.connection) }

    init(maximum: Int, maximumUnproven: Int) {
        self.maximum = maximum
        self.maximumUnproven = maximumUnproven
    }

    /// What becomes of a new connection.
    enum Admission {
        /// It is in the table; the one that had to go for it, which is not any more, is to be ended.
        case admitted(instead: Connection?)
        /// Everybody there is proven: it is to be closed.
        case refused
    }

    /// Takes in a new connection.
    mutating func admit(_ key: Key, _ connection: Connection) -> Admission {
        var ended: Connection?
        if unproven >= maximumUnproven || entries.count >= maximum {
            ended = removeOldestUnproven()
            if ended == nil, entries.count >= maximum { return .refused }
        }
        last += 1
        entries[key] = Entry(connection: connection, number: last)
        arrivals.append((last, key))
        unproven += 1
        return .admitted(instead: ended)
    }

    /// Somebody has shown credentials on a connection.
    mutating func prove(_ key: Key) {
        guard entries[key]?.isProven == false else { return }
        entries[key]?.isProven = true
        unproven -= 1
        compact()
    }

    /// A connection has ended.
    mutating func remove(_ key: Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        if !entry.isProven { unproven -= 1 }
        compact()
    }

    private mutating func removeOldestUnproven() -> Connection? {
        while oldest < arrivals.count {
            let (number, key) = arrivals[oldest]
            oldest += 1
            guard let entry = entries[key], entry.number == number, !entry.isProven else { continue }
            entries[key] = nil
            unproven -= 1
            compact()
            return entry.connection
        }
        return nil
    }

    /// Moving what is left down costs less than what has gone since the last time.
    private mutating func compact() {
        guard arrivals.count > 2 * unproven + 64 else { return }
        arrivals = arrivals[oldest...].filter { place in
            entries[place.key].map { $0.number == place.number && !$0.isProven } ?? false
        }
        oldest = 0
    }
}
