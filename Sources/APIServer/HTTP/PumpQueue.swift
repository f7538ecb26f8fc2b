internal import NIOCore
internal import Synchronization

/// The exchanges of one event loop whose answers go on, from any thread: a change that a thousand watches see is one task of the loop and
/// not a thousand.
final class PumpQueue: Sendable {
    private let loop: any EventLoop
    private let waiting = Mutex<[HTTPExchange]>([])

    init(loop: any EventLoop) { self.loop = loop }

    func add(_ exchange: HTTPExchange) {
        let isFirst = waiting.withLock { waiting in
            waiting.append(exchange)
            return waiting.count == 1
        }
        if isFirst { loop.execute { self.run() } }
    }

    private func run() {
        let exchanges = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for exchange in exchanges { exchange.pump() }
    }
}
