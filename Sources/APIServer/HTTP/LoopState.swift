internal import Glibc
internal import NIOCore

/// What the connections of one event loop share: the clock of their deadlines and the cached `Date` header.
///
/// The tick exists only while a connection has a deadline; a server with idle watches has none.
final class LoopState: @unchecked Sendable {
    // Safe because it is used on its event loop only.
    private let loop: any EventLoop
    private var timed: [ObjectIdentifier: any TimedConnection] = [:]
    private var isTicking = false
    private var dateSecond: time_t = 0
    private var dateText = ""
    /// What goes on when its source has something again.
    let pumps: PumpQueue
    private var shared = SharedPiece()

    /// How often deadlines are looked at.
    private static let tick: TimeAmount = .seconds(5)

    init(loop: any EventLoop) {
        self.loop = loop
        pumps = PumpQueue(loop: loop)
    }

    /// A piece of a body as `make` frames it; made once when the same bytes go to one connection after the other.
    func buffer(_ bytes: [UInt8], isChunk: Bool, _ make: () -> ByteBuffer) -> ByteBuffer {
        shared.buffer(bytes, isChunk: isChunk, make)
    }

    /// Asks `connection` every few seconds whether it is overdue, until it is unregistered.
    func register(_ connection: any TimedConnection) {
        timed[ObjectIdentifier(connection)] = connection
        guard !isTicking else { return }
        isTicking = true
        schedule()
    }

    /// Ends what `register` began.
    func unregister(_ connection: any TimedConnection) { timed[ObjectIdentifier(connection)] = nil }

    private func schedule() {
        loop.scheduleTask(in: Self.tick) { [self] in
            let now = NIODeadline.now()
            for connection in Array(timed.values) { connection.closeIfOverdue(now) }
            if timed.values.contains(where: \.hasDeadline) {
                schedule()
            } else {
                isTicking = false
            }
        }
    }

    /// Starts the tick again when a registered connection got a deadline while it was off.
    func deadlineAppeared() {
        guard !isTicking else { return }
        isTicking = true
        schedule()
    }

    /// The `Date` header's value, made once a second.
    func httpDate() -> String {
        let now = time(nil)
        if now != dateSecond {
            dateSecond = now
            dateText = HTTPDate.format(now)
        }
        return dateText
    }
}

/// A connection that must do something before some moment, sometimes. Used on its event loop only.
protocol TimedConnection: AnyObject {
    /// Whether there is such a moment.
    var hasDeadline: Bool { get }

    /// Ends the connection, or what is overdue on it, when that moment has passed.
    func closeIfOverdue(_ now: NIODeadline)
}

/// The fixed format of HTTP dates. Source: RFC 9110 section 5.6.7.
enum HTTPDate {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func format(_ seconds: time_t) -> String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months: [StaticString] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let day = "\(days[Int(parts.tm_wday) % 7]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon) % 12]) \(parts.tm_year + 1900)"
        return "\(day) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
