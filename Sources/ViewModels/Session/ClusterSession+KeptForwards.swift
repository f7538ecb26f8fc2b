import ClusterOperations
import KubeClient
import LinuxKernel

/// Which forwards are open is kept on disk, for the next start and for other windows.
extension ClusterSession {
    /// Reads which forwards nobody has open that were when their window ended; off the main actor. Once, unless it is to be done `again`, as other
    /// windows begin and end.
    func readForwards(isTold: Bool, again: Bool = false) {
        guard operations.leftForwards == nil || again, !operations.isReadingForwards else { return }
        operations.isReadingForwards = true
        tasks.add { [weak self, operations, stateDirectory] in
            let file = operations.forwardsFile(stateDirectory)
            let found = await KernelThread.run("kdash-forwards") { () throws(Never) in
                Result { () throws(SystemError) in try file.left() }
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
        let isFirst = operations.leftForwards == nil
        // What was begun while the file was read is not left any more.
        let open = operations.forwards.map(\.saved)
        let (begun, rest) = left.filter { !operations.droppedForwards.contains($0) }.divided { one in
            open.contains { $0.target == one.target && $0.context == one.context }
        }
        operations.droppedForwards += begun
        operations.leftForwards = rest
        if isFirst, !open.isEmpty || !begun.isEmpty { keepForwards() }
        operations.forwardsChanged.ring()
        guard isTold, !left.isEmpty else { return }
        app.hint(
            "forwards", "\(left.count == 1 ? "a forward" : "\(left.count) forwards") of the session before: \(app.keyText("forwards.list")) begins them again")
    }

    /// Keeps what is open. It is on disk soon, and before a quit.
    func keepForwards() {
        guard let left = operations.leftForwards else { return }
        let (file, open, dropped) = (operations.forwardsFile(stateDirectory), operations.keptForwards, operations.droppedForwards)
        let version = file.next()
        tasks.add { [weak self, operations] in
            do throws(SystemError) {
                try await KernelThread.run("kdash-forwards") { () throws(SystemError) in try file.keep(open, left: left, dropped: dropped, version) }
                operations.droppedForwards.removeAll { dropped.contains($0) }
            } catch {
                self?.app.hint("forwardsKept", "the open forwards could not be kept: \(error)")
            }
        }
    }

    /// Writes what was not written yet. Blocking.
    func finishForwards() {
        guard let left = operations.leftForwards else { return }
        let file = operations.forwardsFile(stateDirectory)
        guard file.isBehind else { return }
        // best effort: nobody is left to be told.
        try? file.keep(operations.keptForwards, left: left, dropped: operations.droppedForwards, file.next())
    }

    /// Takes a forward that nobody has open for this window, and begins it; says so when another window has begun it meanwhile.
    func begin(left saved: SavedForward, _ begin: @escaping @MainActor () -> Void) {
        operations.claimedForwards.append(saved)
        tasks.add { [weak self, operations, stateDirectory] in
            let file = operations.forwardsFile(stateDirectory)
            let claimed = await KernelThread.run("kdash-forwards") { () throws(Never) in
                Result { () throws(SystemError) in try file.claim(saved) }
            }
            guard let self, !Task.isCancelled else { return operations.giveBack(saved) }
            switch claimed {
            case .success(true): begin()
            case .success(false):
                operations.giveBack(saved)
                operations.leftForwards?.removeAll { $0 == saved }
                operations.forwardsChanged.ring()
                app.toast("127.0.0.1:\(saved.port) to \(saved.target.text): another window of kdash has begun or forgotten it", .warning)
            case .failure(let error):
                operations.giveBack(saved)
                app.toast("not forwarded: \(error)", .warning)
            }
        }
    }
}

extension Array {
    /// Those for which something holds, and the rest.
    fileprivate func divided(by holds: (Element) -> Bool) -> (holding: [Element], rest: [Element]) { (filter(holds), filter { !holds($0) }) }
}
