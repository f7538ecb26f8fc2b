internal import NIOCore

/// Stops reading a connection while what it brought has no place. For use on its event loop.
final class ReadGate {
    private let channel: any Channel
    private var reasons: Set<UInt32> = []

    init(_ channel: any Channel) { self.channel = channel }

    /// Reads no more until ``open(_:)`` with the same reason.
    func close(_ reason: UInt32) {
        if reasons.isEmpty { _ = channel.setOption(.autoRead, value: false) }
        reasons.insert(reason)
    }

    /// Takes a reason back; reading goes on with the last one.
    func open(_ reason: UInt32) {
        guard reasons.remove(reason) != nil, reasons.isEmpty else { return }
        let channel = channel
        channel.setOption(.autoRead, value: true).whenSuccess { channel.read() }
    }
}

/// How much a connection may make us answer while it does not read: pings, refusals.
struct AnswerBudget {
    private static let limit = 64 << 10
    private var spent = 0

    /// Counts an answer; false when the client has used up what it is given.
    mutating func spend(_ bytes: Int, isWritable: Bool) -> Bool {
        spent = isWritable ? 0 : spent + bytes
        return spent <= Self.limit
    }
}
