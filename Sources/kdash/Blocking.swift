import Dispatch
import Synchronization

/// Runs one asynchronous call from a synchronous command.
enum Blocking {
    /// Waits on the calling thread, which must not belong to the cooperative pool: commands run on the first thread.
    static func run<Value: Sendable, Failure: Error>(_ body: @escaping @Sendable () async throws(Failure) -> Value) throws(Failure) -> Value {
        let done = DispatchSemaphore(value: 0)
        let outcome = Mutex<Result<Value, Failure>?>(nil)
        // The root of this command's only tree of tasks.
        Task.detached {
            let result: Result<Value, Failure>
            do throws(Failure) {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = outcome.withLock({ $0 }) else { preconditionFailure("the task signalled before it stored its outcome") }
        return try result.get()
    }
}
