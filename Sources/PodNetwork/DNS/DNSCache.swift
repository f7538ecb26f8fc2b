/// Answers of other servers, for half a minute at most.
struct DNSCache {
    /// What decides about an answer.
    struct Key: Hashable {
        /// In lower case.
        let question: DNSQuestion
        let hasEDNS: Bool
        let wantsSignatures: Bool
        /// What was not validated is for those alone who asked for that.
        let isUnchecked: Bool

        init(_ query: DNSMessage) {
            question = query.question.lowercased
            hasEDNS = query.edns != nil
            wantsSignatures = query.edns?.wantsSignatures ?? false
            isUnchecked = query.flags & DNSMessage.checkingDisabled != 0
        }
    }

    private struct Entry {
        let message: DNSMessage
        let stored: Duration
        let expiry: Duration
    }

    private var entries: [Key: Entry] = [:]
    private let capacity: Int
    /// In seconds.
    static let longest: UInt32 = 30
    /// Larger answers are asked for each time: what one client asks for must not fill the memory.
    private static let (mostRecords, mostBytes) = (64, 4096)

    init(capacity: Int = 1000) { self.capacity = capacity }

    var count: Int { entries.count }

    /// The answer as it stands now, its records aged.
    mutating func message(_ key: Key, now: Duration) -> DNSMessage? {
        guard let entry = entries[key] else { return nil }
        guard now < entry.expiry else {
            entries[key] = nil
            return nil
        }
        let age = UInt32(clamping: (now - entry.stored).components.seconds)
        func aged(_ records: [DNSRecord]) -> [DNSRecord] {
            records.map { record in
                var record = record
                record.timeToLive -= min(age, record.timeToLive)
                return record
            }
        }
        var message = entry.message
        message.answers = aged(message.answers)
        message.authorities = aged(message.authorities)
        message.additionals = aged(message.additionals)
        return message
    }

    /// Keeps an answer as long as it holds.
    mutating func keep(_ message: DNSMessage, _ key: Key, now: Duration) {
        guard let seconds = Self.lifetime(message), seconds > 0 else { return }
        guard message.answers.count + message.authorities.count + message.additionals.count <= Self.mostRecords,
            message.encoded().count <= Self.mostBytes
        else { return }
        if entries.count >= capacity { entries = entries.filter { now < $0.value.expiry } }
        if entries.count >= capacity, let any = entries.keys.first { entries[any] = nil }
        entries[key] = Entry(message: message, stored: now, expiry: now + .seconds(Int64(seconds)))
    }

    mutating func removeAll() { entries = [:] }

    /// In seconds; nil for what is not to be kept.
    static func lifetime(_ message: DNSMessage) -> UInt32? {
        guard !message.isTruncated, message.code == .noError || message.code == .nameError else { return nil }
        let isPositive = message.code == .noError && message.answers.contains { $0.type == message.question.type }
        guard !isPositive else { return min(longest, message.answers.map(\.timeToLive).min() ?? 0) }
        // A negative answer without a SOA record does not say how long it holds. Source: RFC 2308.
        for record in message.authorities {
            guard case .authority(_, _, let numbers) = record.content else { continue }
            let minimum = numbers.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return min(longest, record.timeToLive, minimum)
        }
        return nil
    }
}
