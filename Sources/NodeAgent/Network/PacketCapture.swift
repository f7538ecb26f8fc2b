import APIMachinery
import KubeClient
import LinuxKernel
import Synchronization

/// The packets of one interface as a pcap file (https://www.tcpdump.org/manpages/pcap-savefile.5.txt) that arrives over time.
///
/// It ends after ``limit`` bytes, and with its reader.
final class PacketCapture: ByteSource {
    private struct State {
        var socket: PacketSocket?
        var ready: [UInt8]
        var taken = 0
        var total = 0
        var isFull = false
        var failure: APIStatus?
    }

    /// Bytes of a whole capture.
    static let limit = 64 << 20
    /// Bytes of one packet that are kept.
    static let snapLength = 65_535
    /// Packets that are looked at for one answer, so that a flood never keeps an event loop.
    private static let maximumBatch = 64

    private let state: Mutex<State>
    private let port: UInt16?
    private let poller: DescriptorPoller
    private let time: any TimeSource
    private let onEnd: @Sendable () -> Void

    /// - Parameter port: only packets of TCP and UDP from or to it; nil for all.
    init(_ socket: PacketSocket, port: UInt16?, poller: DescriptorPoller, time: any TimeSource, onEnd: @escaping @Sendable () -> Void) {
        state = Mutex(State(socket: socket, ready: Self.header))
        self.port = port
        self.poller = poller
        self.time = time
        self.onEnd = onEnd
    }

    /// Magic of microseconds in the machine's order, version 2.4, link type Ethernet.
    static var header: [UInt8] {
        number(UInt32(0xa1b2_c3d4)) + number(UInt16(2)) + number(UInt16(4)) + number(UInt32(0)) + number(UInt32(0)) + number(UInt32(snapLength))
            + number(UInt32(1))
    }

    static func record(_ bytes: [UInt8], length: Int, at time: Timestamp) -> [UInt8] {
        number(UInt32(truncatingIfNeeded: time.seconds)) + number(UInt32(time.nanoseconds / 1000)) + number(UInt32(bytes.count)) + number(UInt32(length))
            + bytes
    }

    private static func number<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value, Array.init) }

    func poll(maximum: Int) -> BytePoll {
        state.withLock { state in
            if state.taken == state.ready.count { fill(&state) }
            guard state.taken < state.ready.count else {
                if let failure = state.failure { return .failed(failure) }
                return state.socket == nil || state.isFull ? .end : .pending
            }
            let end = min(state.ready.count, state.taken + max(1, maximum))
            defer { state.taken = end }
            return .bytes(Array(state.ready[state.taken..<end]))
        }
    }

    private func fill(_ state: inout State) {
        state.ready = []
        state.taken = 0
        guard let socket = state.socket, !state.isFull, state.failure == nil else { return }
        for _ in 0..<Self.maximumBatch {
            do throws(SystemError) {
                guard let packet = try socket.receive(maximum: Self.snapLength) else { return }
                if let port, !PacketPorts(packet.bytes).contains(port) { continue }
                let record = Self.record(packet.bytes, length: packet.length, at: time.now())
                state.total += record.count
                guard state.total <= Self.limit else {
                    state.isFull = true
                    return
                }
                state.ready += record
            } catch {
                state.failure = .serviceUnavailable("the capture broke off: \(error)")
                return
            }
        }
    }

    func onReady(_ wake: @escaping @Sendable () -> Void) {
        // Under the lock: once closed, the number may be another file's.
        let isOver = state.withLock { state in
            guard let socket = state.socket, state.taken == state.ready.count, !state.isFull, state.failure == nil else { return true }
            poller.wait(for: socket.raw, wake)
            return false
        }
        if isOver { wake() }
    }

    func cancel() {
        let socket = state.withLock { state in
            defer {
                state.socket = nil
                state.ready = []
                state.taken = 0
            }
            return state.socket
        }
        guard let socket else { return }
        poller.cancel(socket.raw)
        onEnd()
    }

    deinit { cancel() }
}

/// The ports of a packet of TCP or UDP over IPv4 behind an Ethernet header.
struct PacketPorts {
    private var ports: [UInt16] = []

    init(_ packet: [UInt8]) {
        guard packet.count >= 34, packet[12] == 8, packet[13] == 0, packet[14] >> 4 == 4, [6, 17].contains(packet[23]) else { return }
        // Only the first fragment has them.
        guard packet[20] & 0x1f == 0, packet[21] == 0 else { return }
        let start = 14 + Int(packet[14] & 15) * 4
        guard packet.count >= start + 4 else { return }
        ports = [UInt16(packet[start]) << 8 | UInt16(packet[start + 1]), UInt16(packet[start + 2]) << 8 | UInt16(packet[start + 3])]
    }

    func contains(_ port: UInt16) -> Bool { ports.contains(port) }
}
