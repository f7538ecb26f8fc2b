import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// What comes back on one connection, as far as it has come.
protocol ConnectionAnswers: Sendable {
    /// Whether nothing more is waited for.
    var isComplete: Bool { get }
    /// Whether what comes may go on for ever.
    var isOpen: Bool { get }
    /// Takes what arrived.
    mutating func receive(_ bytes: [UInt8]) throws(Violation)
    /// The other side has closed.
    mutating func closed()
}

/// One connection to a server: everything is sent, and the answers are waited for.
struct ServerConversation {
    /// How long an answer may take.
    private static let patience: TimeAmount = .seconds(20)
    /// How long an answer that may go on for ever is listened to once nothing comes.
    private static let silence: TimeAmount = .milliseconds(30)

    let port: Int
    let context: NIOSSLContext

    /// The answers, once they are as many as expected, one flows without end, or the server has closed. Called on a thread that may wait.
    func run<Answers: ConnectionAnswers>(_ input: [UInt8], _ expected: Answers) throws -> Answers {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: Answers.self)
        let context = context
        let connected = ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                    try channel.pipeline.syncOperations.addHandler(Listener(expected, promise))
                }
            }
            .connect(host: "127.0.0.1", port: port)
        connected.whenFailure { promise.fail($0) }
        let channel = try connected.wait()
        defer { channel.close(promise: nil) }
        channel.writeAndFlush(ByteBuffer(bytes: input), promise: nil)
        return try promise.futureResult.wait()
    }

    private final class Listener<Answers: ConnectionAnswers>: ChannelInboundHandler, @unchecked Sendable {
        // Safe because it is used on its event loop only.
        typealias InboundIn = ByteBuffer

        private var answers: Answers
        private let promise: EventLoopPromise<Answers>
        private var isDone = false
        private var deadline: Scheduled<Void>?
        private var quiet: Scheduled<Void>?

        init(_ expected: Answers, _ promise: EventLoopPromise<Answers>) {
            answers = expected
            self.promise = promise
        }

        func channelActive(context: ChannelHandlerContext) {
            deadline = context.eventLoop.scheduleTask(in: ServerConversation.patience) {
                self.end(.failure(Violation(rule: "every request is answered", detail: "\(self.answers)")))
            }
            if answers.isComplete {
                // Nothing is to be answered; what the server makes of it can only be that it goes on.
                context.eventLoop.scheduleTask(in: .milliseconds(1)) { self.end(.success(self.answers)) }
            }
            context.fireChannelActive()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var buffer = unwrapInboundIn(data)
            do throws(Violation) {
                try answers.receive(buffer.readBytes(length: buffer.readableBytes) ?? [])
            } catch {
                return end(.failure(error))
            }
            if answers.isComplete { return end(.success(answers)) }
            quiet?.cancel()
            guard answers.isOpen else { return }
            quiet = context.eventLoop.scheduleTask(in: ServerConversation.silence) { self.end(.success(self.answers)) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            answers.closed()
            end(.success(answers))
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func end(_ result: Result<Answers, Violation>) {
            guard !isDone else { return }
            isDone = true
            deadline?.cancel()
            quiet?.cancel()
            promise.completeWith(result.mapError { $0 })
        }
    }
}
