import APIMachinery
import Glibc
import KubeClient
import LinuxKernel
import Synchronization

/// A reader's view of one container instance's log: what is stored, then, when following, what is being written.
///
/// ## Concurrency
/// `poll` is called by one reader at a time. `state` guards everything; the file watcher's thread and the end of the container
/// call in through `wake`.
final class LogStream: ByteSource {
    private struct State: ~Copyable {
        var segments: LogSegments?
        var filter: LogFilter
        /// The start of a line whose end is not written yet; at most ``LogLine/maximumLength`` bytes.
        var carry: [UInt8] = []
        /// Inside a line that is longer than any of a log: its rest is passed over.
        var isOverlong = false
        /// Output that the last `poll` had no room for.
        var surplus: ArraySlice<UInt8> = []
        /// Set once reading failed; the answer from then on.
        var failure: APIStatus?
        var waiter: (@Sendable () -> Void)?
        /// True while the container may still write.
        var isLive: Bool
        var isCancelled = false
        var watch: Int?
        /// Something was written since the last look.
        var hasNews = true
    }

    private let state: Mutex<State>
    private let watcher: FileWatcher
    private static let blockSize = 256 << 10

    /// - Parameters:
    ///   - isLive: the container still runs; otherwise the stream ends at the end of the file.
    ///   - follow: stay after the end and deliver what comes.
    ///   - watcher: tells when the directory's files grow.
    init(
        segments: consuming LogSegments, filter: LogFilter, tailLines: Int?, follow: Bool, isLive: Bool, watcher: FileWatcher
    ) throws(SystemError) {
        var filter = filter
        if let tailLines {
            let onlyErrors = filter.onlyErrors
            filter.skip = try segments.seek(toLast: tailLines) { LogLine.role(of: $0, onlyErrors: onlyErrors) }
        }
        if segments.index == 0, segments.offset == 0 { filter.place = LogPlace() }
        let directory = segments.directory
        self.watcher = watcher
        let head = filter.form == .marked ? LogMark.header : []
        state = Mutex(State(segments: consume segments, filter: filter, surplus: head[...], isLive: follow && isLive))
        if follow && isLive {
            let watch = try watcher.watch(directory) { [weak self] _ in self?.wake() }
            state.withLock { $0.watch = watch }
        }
    }

    func poll(maximum: Int) -> BytePoll {
        state.withLock { state in
            if state.isCancelled { return .end }
            if !state.surplus.isEmpty { return .bytes(Self.takeSurplus(&state, maximum)) }
            if let failure = state.failure { return .failed(failure) }
            if state.filter.isExhausted { return .end }
            var output: [UInt8] = []
            do throws(SystemError) {
                state.hasNews = false
                while output.count < maximum, !state.filter.isExhausted {
                    guard try Self.step(&state, into: &output) else { break }
                }
            } catch {
                state.failure = .internalError("cannot read the log: \(error)")
            }
            if output.count > maximum {
                state.surplus = output[...]
                return .bytes(Self.takeSurplus(&state, maximum))
            }
            if !output.isEmpty { return .bytes(output) }
            if let failure = state.failure { return .failed(failure) }
            return state.isLive && !state.filter.isExhausted ? .pending : .end
        }
    }

    private static func takeSurplus(_ state: inout State, _ maximum: Int) -> [UInt8] {
        let taken = Array(state.surplus.prefix(maximum))
        state.surplus = state.surplus.dropFirst(maximum)
        return taken
    }

    /// Reads one block; false when there is nothing more now.
    private static func step(_ state: inout State, into output: inout [UInt8]) throws(SystemError) -> Bool {
        guard state.segments != nil else { return false }
        let carried = state.carry.count
        var failure: SystemError?
        var got = 0
        let block = [UInt8](unsafeUninitializedCapacity: carried + blockSize) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            if carried > 0 { state.carry.withUnsafeBytes { raw.copyMemory(from: $0) } }
            do throws(SystemError) {
                got = try state.segments!.read(into: UnsafeMutableRawBufferPointer(rebasing: raw[carried...]))
            } catch { failure = error }
            count = carried + got
        }
        if let failure { throw failure }
        guard got > 0 else { return false }
        state.segments!.offset += Int64(got)
        var start = 0
        if state.isOverlong {
            guard let end = block.firstIndex(of: 0x0A) else { return true }
            state.isOverlong = false
            start = end + 1
        }
        let used = start + block.withUnsafeBytes { state.filter.append(UnsafeRawBufferPointer(rebasing: $0[start...]), to: &output) }
        // A filter that has all it wanted leaves the rest.
        state.isOverlong = block.count - used > LogLine.maximumLength && !state.filter.isExhausted
        state.carry = used == block.count || state.isOverlong ? [] : Array(block[used...])
        return true
    }

    func onReady(_ wake: @escaping @Sendable () -> Void) {
        let now = state.withLock { state in
            if state.isCancelled || !state.isLive || state.hasNews || !state.surplus.isEmpty { return true }
            state.waiter = wake
            return false
        }
        if now { wake() }
    }

    /// The container has ended: what is stored now is all there will be.
    func finish() {
        state.withLock { $0.isLive = false }
        wake()
    }

    func cancel() {
        let watch = state.withLock { state in
            state.isCancelled = true
            state.segments = nil
            return state.watch.take()
        }
        if let watch { watcher.stop(watch) }
        wake()
    }

    private func wake() {
        let waiter = state.withLock { state in
            state.hasNews = true
            return state.waiter.take()
        }
        waiter?()
    }

    deinit {
        if let watch = state.withLock({ $0.watch.take() }) { watcher.stop(watch) }
    }
}
