import KubeClient
import LinuxKernel

/// Which forwards are open is kept on disk, for the next start.
extension ClusterSession {
    /// Reads which forwards were open when kdash ended last; once, and off the main actor.
    func readForwards(isTold: Bool) {
        guard operations.leftForwards == nil, !operations.isReadingForwards else { return }
        operations.isReadingForwards = true
        tasks.add { [weak self, operations, stateDirectory] in
            let found = await KernelThread.run("kdash-forwards") { () throws(Never) in
                Result { () throws(SystemError) in try SavedForward.load(stateDirectory) }
            }
            operations.isReadingForwards = false
            guard let self, !Task.isCancelled else { return }
            switch found {
            case .success(let left): take(left, isTold)
            // Read again at the next start; until then nothing is written over it.
            case .failure(let error): app.hint("forwardsLeft", "the forwards of the session before cannot be read: \(error)")
            }
        }
    }

    private func take(_ left: [SavedForward], _ isTold: Bool) {
        // What was begun while the file was read is not left any more.
        let open = operations.forwards.map(\.saved)
        operations.leftForwards = left.filter { one in !open.contains { $0.target == one.target && $0.context == one.context } }
        if !open.isEmpty { keepForwards() }
        operations.forwardsChanged.ring()
        guard isTold, !left.isEmpty else { return }
        app.hint(
            "forwards", "\(left.count == 1 ? "a forward" : "\(left.count) forwards") of the session before: \(app.keyText("forwards.list")) begins them again")
    }

    /// Keeps what is open, and what of the session before was not begun again. It is on disk soon, and before a quit.
    func keepForwards() {
        guard let left = operations.leftForwards else { return }
        let (file, kept) = (operations.forwardsFile, operations.forwards.map(\.saved) + left)
        let version = file.next()
        tasks.add { [weak self, stateDirectory] in
            do throws(SystemError) {
                try await KernelThread.run("kdash-forwards") { () throws(SystemError) in try file.keep(kept, version, stateDirectory) }
            } catch {
                self?.app.hint("forwardsKept", "the open forwards could not be kept: \(error)")
            }
        }
    }

    /// Writes what was not written yet. Blocking.
    func finishForwards() {
        guard let left = operations.leftForwards, operations.forwardsFile.isBehind else { return }
        // best effort: nobody is left to be told.
        try? operations.forwardsFile.keep(operations.forwards.map(\.saved) + left, operations.forwardsFile.next(), stateDirectory)
    }
}
