import LinuxKernel
import NIOCore
import NIOPosix

/// One call of grpc.health.v1.Health/Check over plain HTTP/2. Source: the kubelet's grpc prober.
enum GRPCProbe {
    static func run(host: String, port: Int, service: String, from network: NetworkNamespace? = nil, timeout: Duration) async -> ProbeOutcome {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: GRPCHealth.Answer.self)
        let late = loop.scheduleTask(in: timeout.timeAmount) { answer.fail(ProbeConnection.Late()) }
        let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        let connecting = ProbeDialing.connect(host, port, from: network, on: loop, timeout: timeout) {
            ClientBootstrap(group: loop).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        GRPCProbeHandler(request: GRPCHealth.request(authority: authority, service: service), answer: answer))
                }
            }
        }
        connecting.cascadeFailure(to: answer)
        defer {
            late.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        let lateText = "timeout: health rpc did not complete within \(timeout.components.seconds)s"
        do {
            switch try await answer.futureResult.get() {
            case .status(1): return .success
            case .status(let number): return .failure("service unhealthy (responded with \"\(GRPCHealth.name(number))\")")
            case .refused:
                return .failure(
                    "error: this server does not implement the grpc health protocol (grpc.health.v1.Health), or does not know service \"\(service)\"")
            case .pending: return .unknown("no answer")
            }
        } catch {
            return .failure(ProbeConnection.describe(error, host, port, whenLate: lateText))
        }
    }
}

private final class GRPCProbeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: [UInt8]
    private let answer: EventLoopPromise<GRPCHealth.Answer>
    private var health = GRPCHealth()

    init(request: [UInt8], answer: EventLoopPromise<GRPCHealth.Answer>) {
        self.request = request
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let (reply, result) = health.receive(Array(unwrapInboundIn(data).readableBytesView))
        if !reply.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: reply)), promise: nil) }
        guard result != .pending else { return }
        answer.succeed(result)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(ProbeConnection.Ended())
    }
}
