internal import LinuxKernel
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Gives memory back to the system when a burst of work is over.
///
/// The allocator keeps what is freed below anything still in use, so that a thousand connections that have gone would weigh as much as open
/// ones. Work that is over is counted here, and enough of it asks for one tidying when it becomes quiet: no timer runs at rest.
final class FreedMemory: Sendable {
    /// What ended work has left behind, roughly.
    enum Weight {
        /// Measured: 36 kB with TLS.
        static let connection = 32 << 10
        static let request = 4 << 10
    }

    /// Less than this is not worth a tidying.
    private static let worthwhile = 1 << 20
    private static let pause: TimeAmount = .seconds(1)
    /// What ends later, such as the compaction of what was written, is given back by a second look.
    private static let secondPause: TimeAmount = .seconds(15)
    /// How many pauses it may stay busy before it is tidied all the same.
    private static let patience = 20

    private let group: MultiThreadedEventLoopGroup
    private let freed = Atomic<Int>(0)
    private let isScheduled = Atomic<Bool>(false)
    private let isSecondScheduled = Atomic<Bool>(false)
    private let isStopped = Atomic<Bool>(false)
    private let reliefs = Mutex<[@Sendable () -> Void]>([])

    init(group: MultiThreadedEventLoopGroup) { self.group = group }

    /// Has memory given back when it becomes quiet, whatever has been counted.
    func ask() { add(Self.worthwhile) }

    /// Nothing is tidied any more: the event loops end.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Has `relief` called, on a thread that may block, before memory is given back: it drops what can be made again.
    func onQuiet(_ relief: @escaping @Sendable () -> Void) { reliefs.withLock { $0.append(relief) } }

    private func giveBack() {
        for relief in reliefs.withLock({ $0 }) { relief() }
        OwnProcess.giveBackMemory()
    }

    /// Counts what has become free. From any thread.
    func add(_ bytes: Int) {
        let sum = freed.wrappingAdd(bytes, ordering: .relaxed).newValue
        guard sum >= Self.worthwhile, !isScheduled.load(ordering: .relaxed), !isScheduled.exchange(true, ordering: .relaxed) else { return }
        look(patience: Self.patience)
    }

    private func look(patience: Int) {
        guard !isStopped.load(ordering: .relaxed) else { return }
        let before = freed.load(ordering: .relaxed)
        group.any().scheduleTask(in: Self.pause) { [weak self] in
            guard let self else { return }
            if patience > 0, freed.load(ordering: .relaxed) - before > Self.worthwhile / 64 { return look(patience: patience - 1) }
            freed.store(0, ordering: .relaxed)
            isScheduled.store(false, ordering: .relaxed)
            NIOThreadPool.singleton.submit { _ in self.giveBack() }
            lookAgain()
        }
    }

    private func lookAgain() {
        guard !isStopped.load(ordering: .relaxed), !isSecondScheduled.exchange(true, ordering: .relaxed) else { return }
        group.any().scheduleTask(in: Self.secondPause) { [weak self] in
            guard let self else { return }
            isSecondScheduled.store(false, ordering: .relaxed)
            NIOThreadPool.singleton.submit { _ in self.giveBack() }
        }
    }
}
