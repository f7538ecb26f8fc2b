package import APIMachinery
package import LinuxKernel

/// How a collection is kept current: listed once, then watched.
package enum WatchLoop {
    /// Works until the task is cancelled: lists, watches from there, lists again when the revision became too old, and pauses longer and
    /// longer while the server fails.
    ///
    /// `list` returns the revision that it shows. `follow` watches from a position, moves it with every event, says whether it heard one, and
    /// returns when the server ends the watch. `backoff` gives the pauses. `onFailure` is told what the server refuses, except that a revision is too old.
    package static func run(
        time: any TimeSource, backoff first: Backoff = Backoff(), list: () async throws(APIStatus) -> String,
        follow: (_ position: inout String?, _ heard: inout Bool) async throws(APIStatus) -> Void, onFailure: (APIStatus) -> Void
    ) async {
        var backoff = first
        var position: String?
        while !Task.isCancelled {
            let started = time.monotonic()
            var heard = false
            var failed = false
            do throws(APIStatus) {
                if position == nil { position = try await list() }
                try await follow(&position, &heard)
            } catch {
                if Task.isCancelled { return }
                failed = true
                if error.code == 410 {
                    position = nil
                    heard = false
                } else {
                    onFailure(error)
                }
            }
            // A watch that the server ended in good time is simply taken up again.
            let endedInGoodTime = !failed && time.monotonic() - started > .seconds(1)
            if heard || endedInGoodTime { backoff.reset() }
            if endedInGoodTime { continue }
            do {
                try await time.sleep(for: backoff.next())
            } catch {
                return
            }
        }
    }
}
