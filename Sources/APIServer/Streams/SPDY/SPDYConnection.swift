internal import NIOCore

/// The server's side of one SPDY/3.1 connection: bytes go in, events and bytes come out. A value without I/O.
///
/// The clients of Kubernetes count no windows and send no updates, so ours bind only once a peer has shown that it counts: it has
/// sent an initial window or an update. What we took is acknowledged in either case; such clients ignore it.
struct SPDYConnection {
    /// Bounds of one connection.
    enum Limits {
        /// Streams open at once; further ones are refused.
        static let streams = 2000
        /// What is sent before a peer's first update, and acknowledged at once. Source: draft-mbelshe-httpbis-spdy-00 section 2.6.8.
        static let window = 64 << 10
    }

    /// What happened, in order.
    enum Event: Equatable {
        /// The client opened a stream; answer it with ``SPDYConnection/reply(_:)`` or ``SPDYConnection/reset(_:_:)``.
        case opened(UInt32, SPDYHeaders)
        case data(UInt32, [UInt8])
        /// The client sends no more on this stream.
        case ended(UInt32)
        /// The client gave the stream up; it is gone.
        case reset(UInt32)
        /// There is room again on streams that were out of it.
        case roomAppeared
        /// The client opens no more streams.
        case goingAway
    }

    private struct Stream {
        var isOursClosed = false
        var isTheirsClosed = false
        /// What they still take, once they count.
        var room: Int
        /// What was taken from them and not acknowledged yet.
        var taken = 0
    }

    private var reader = SPDYFrameReader()
    private var writer = SPDYFrameWriter()
    private var inbound = ByteBuffer()
    private var outbound = ByteBuffer()
    private var events: [Event] = []
    private var streams: [UInt32: Stream] = [:]
    private var lastOpened: UInt32 = 0
    private var initialRoom = Limits.window
    private var countsWindows = false

    /// The number of open streams.
    var streamCount: Int { streams.count }

    // MARK: From the client

    /// Takes what arrived; ask ``nextEvent()`` until it answers nil.
    mutating func receive(_ bytes: ByteBuffer) {
        var bytes = bytes
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
    }

    /// The next event; nil when more bytes are needed. Throws when the connection cannot go on; ``takeOutput()`` then says so to the peer.
    mutating func nextEvent() throws(SPDYFailure) -> Event? {
        do throws(SPDYFailure) {
            while events.isEmpty {
                guard let frame = try reader.next(&inbound) else { return nil }
                try handle(frame)
            }
            return events.removeFirst()
        } catch {
            write(.goAway(lastGood: lastOpened, status: 1))
            streams = [:]
            throw error
        }
    }

    private mutating func handle(_ frame: SPDYFrame) throws(SPDYFailure) {
        switch frame {
        case .synStream(let id, let headers, let isFinal, let isUnidirectional):
            guard id % 2 == 1, id > lastOpened else { throw .malformed("stream \(id) was opened after stream \(lastOpened)") }
            lastOpened = id
            guard streams.count < Limits.streams else { return write(.reset(id: id, status: .refused)) }
            streams[id] = Stream(isOursClosed: isUnidirectional, room: initialRoom)
            events.append(.opened(id, headers))
            if isFinal { theirsEnded(id) }
        case .synReply(let id, _, _): write(.reset(id: id, status: .invalidStream))  // We open none.
        case .headers(let id, _, let isFinal): if isFinal { theirsEnded(id) }
        case .data(let id, let bytes, let isFinal): receive(id, bytes, isFinal)
        case .reset(let id, _): if streams.removeValue(forKey: id) != nil { events.append(.reset(id)) }
        case .ping(let id): if id % 2 == 1 { write(.ping(id)) }
        case .goAway: events.append(.goingAway)
        case .settings(let window):
            guard let window else { return }
            guard window <= 0x7fff_ffff else { throw .malformed("the initial window \(window) is too large") }
            let change = Int(window) - initialRoom
            initialRoom = Int(window)
            countsWindows = true
            for id in streams.keys { streams[id]?.room += change }
            events.append(.roomAppeared)
        case .windowUpdate(let id, let delta):
            countsWindows = true
            // Stream 0 is the connection's own window, of which clients that count it say more than we need.
            guard let room = streams[id]?.room else { return }
            guard room + Int(delta) <= 0x7fff_ffff else {
                reset(id, .flowControl)
                return events.append(.reset(id))
            }
            streams[id]?.room = room + Int(delta)
            events.append(.roomAppeared)
        }
    }

    private mutating func receive(_ id: UInt32, _ bytes: [UInt8], _ isFinal: Bool) {
        guard let stream = streams[id] else {
            // Data may still be on its way when we have reset a stream; one that never was is a mistake.
            if id > lastOpened || id % 2 == 0 { write(.reset(id: id, status: .invalidStream)) }
            return
        }
        guard !stream.isTheirsClosed else {
            reset(id, .alreadyClosed)
            return events.append(.reset(id))
        }
        if !bytes.isEmpty { events.append(.data(id, bytes)) }
        if isFinal { theirsEnded(id) }
    }

    private mutating func theirsEnded(_ id: UInt32) {
        guard var stream = streams[id], !stream.isTheirsClosed else { return }
        stream.isTheirsClosed = true
        streams[id] = stream.isOursClosed ? nil : stream
        events.append(.ended(id))
    }

    // MARK: To the client

    /// Accepts a stream.
    mutating func reply(_ id: UInt32) {
        if streams[id] != nil { write(.synReply(id: id, headers: SPDYHeaders(), isFinal: false)) }
    }

    /// How many bytes may be sent on a stream now; 0 for one that is gone or closed.
    func room(_ id: UInt32) -> Int {
        guard let stream = streams[id], !stream.isOursClosed else { return 0 }
        return countsWindows ? max(0, stream.room) : SPDYFrameWriter.largestData
    }

    /// Whether bytes can still be sent on a stream, now or later.
    func isOpen(_ id: UInt32) -> Bool { streams[id].map { !$0.isOursClosed } ?? false }

    /// Sends bytes, at most ``room(_:)``; nothing on a stream that is gone.
    mutating func send(_ id: UInt32, _ bytes: [UInt8]) {
        guard !bytes.isEmpty, isOpen(id) else { return }
        streams[id]?.room -= bytes.count
        write(.data(id: id, bytes, isFinal: false))
    }

    /// Says that nothing more will be sent on a stream.
    mutating func finish(_ id: UInt32) {
        guard var stream = streams[id], !stream.isOursClosed else { return }
        stream.isOursClosed = true
        write(.data(id: id, [], isFinal: true))
        streams[id] = stream.isTheirsClosed ? nil : stream
    }

    /// Gives a stream up.
    mutating func reset(_ id: UInt32, _ status: SPDYStatus) {
        if streams.removeValue(forKey: id) != nil { write(.reset(id: id, status: status)) }
    }

    /// Tells a client that counts that `count` bytes of a stream have found their reader.
    mutating func acknowledge(_ id: UInt32, _ count: Int) {
        guard var stream = streams[id], !stream.isTheirsClosed else { return }
        stream.taken += count
        if stream.taken >= Limits.window / 2 {
            write(.windowUpdate(id: id, delta: UInt32(clamping: stream.taken)))
            stream.taken = 0
        }
        streams[id] = stream
    }

    /// The bytes to send; nil for none.
    mutating func takeOutput() -> ByteBuffer? {
        guard outbound.readableBytes > 0 else { return nil }
        defer { outbound = ByteBuffer() }
        return outbound
    }

    private mutating func write(_ frame: SPDYFrame) { writer.write(frame, into: &outbound) }
}
