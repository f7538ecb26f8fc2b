import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

@testable import APIServer

/// A TLS connection to a `TLSServer` that sends and collects bytes.
final class StreamClient: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isOver = false
        var waiting: [(until: @Sendable ([UInt8]) -> Bool, promise: EventLoopPromise<[UInt8]>)] = []
    }

    private let state = Mutex(State())
    let channel: any Channel

    /// Connects with the administrator's certificate.
    static func connect(_ server: TLSServer, readsAtOnce: Bool = true, protocols: [String] = []) async throws -> StreamClient {
        let context = try server.clientContext(protocols: protocols)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: server.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                    return channel
                }
            }
        let client = StreamClient(channel)
        try await channel.eventLoop.submit { try channel.pipeline.syncOperations.addHandler(Collector(client)) }.get()
        return client
    }

    private init(_ channel: any Channel) { self.channel = channel }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
    func send(_ text: String) async throws { try await send(Array(text.utf8)) }
    func close() async throws { try await channel.close() }

    /// Everything received so far, once it satisfies `until` or the connection has ended.
    func received(until: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }) async throws -> [UInt8] {
        let promise = channel.eventLoop.makePromise(of: [UInt8].self)
        let ready = state.withLock { state -> [UInt8]? in
            if state.isOver || until(state.bytes) { return state.bytes }
            state.waiting.append((until, promise))
            return nil
        }
        if let ready { promise.succeed(ready) }
        let late = channel.eventLoop.scheduleTask(in: .minutes(2)) { promise.fail(ChannelError.connectTimeout(.minutes(2))) }
        defer { late.cancel() }
        return try await promise.futureResult.get()
    }

    private func changed(_ body: (inout State) -> Void) {
        let ready = state.withLock { state in
            body(&state)
            let isOver = state.isOver
            let bytes = state.bytes
            let ready = state.waiting.filter { isOver || $0.until(bytes) }
            state.waiting.removeAll { isOver || $0.until(bytes) }
            return ready.map { ($0.promise, bytes) }
        }
        for (promise, bytes) in ready { promise.succeed(bytes) }
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let client: StreamClient

        init(_ client: StreamClient) { self.client = client }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(unwrapInboundIn(data).readableBytesView)
            client.changed { $0.bytes += bytes }
        }

        func channelInactive(context: ChannelHandlerContext) { client.changed { $0.isOver = true } }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

extension [UInt8] {
    /// What follows the head of an HTTP response.
    var afterHead: [UInt8] {
        guard let end = firstRange(of: Array("\r\n\r\n".utf8)) else { return [] }
        return Array(self[end.upperBound...])
    }

    /// The text of the head.
    var head: String { String(decoding: firstRange(of: Array("\r\n\r\n".utf8)).map { self[..<$0.lowerBound] } ?? self[...], as: UTF8.self) }

    /// All whole SPDY frames in these bytes.
    var frames: [SPDYFrame] {
        var reader = SPDYFrameReader()
        var buffer = ByteBuffer(bytes: self)
        var frames: [SPDYFrame] = []
        while let frame = try? reader.next(&buffer) { frames.append(frame) }
        return frames
    }

    /// The payloads of all whole unmasked WebSocket frames in these bytes, by opcode.
    var messages: [(opcode: UInt8, data: [UInt8])] {
        var messages: [(opcode: UInt8, data: [UInt8])] = []
        var rest = self[...]
        while rest.count >= 2 {
            let start = rest.startIndex
            var length = Int(rest[start + 1] & 127)
            var header = 2
            if length >= 126 {
                let count = length == 126 ? 2 : 8
                guard rest.count >= 2 + count else { break }
                length = rest[(start + 2)..<(start + 2 + count)].reduce(0) { $0 << 8 | Int($1) }
                header += count
            }
            guard rest.count >= header + length else { break }
            messages.append((rest[start] & 15, Array(rest[(start + header)..<(start + header + length)])))
            rest = rest.dropFirst(header + length)
        }
        return messages
    }

    /// As one masked WebSocket message.
    func message(opcode: UInt8 = 2) -> [UInt8] {
        let length: [UInt8] = count < 126 ? [0x80 | UInt8(count)] : [0x80 | 126, UInt8(count >> 8), UInt8(count & 255)]
        return [0x80 | opcode] + length + [0, 0, 0, 0] + self
    }
}
