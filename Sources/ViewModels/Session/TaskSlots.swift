/// The tasks a session owns, by what they are for: a new one for the same purpose ends the old one, and ``cancelAll()`` ends all.
///
/// Key presses enter the concurrent world here; everything else is structured below these tasks.
@MainActor final class TaskSlots {
    private var tasks: [String: (id: Int, task: Task<Void, Never>)] = [:]
    private var nextID = 0
    private static let work = "work "

    /// Runs work for a purpose in place of what ran for it.
    func run(_ purpose: String, _ work: @escaping @MainActor () async -> Void) {
        tasks[purpose]?.task.cancel()
        nextID += 1
        let id = nextID
        let task = Task { [weak self] in
            await work()
            self?.forget(purpose, id)
        }
        tasks[purpose] = (id, task)
    }

    /// Runs work beside everything else.
    func add(_ work: @escaping @MainActor () async -> Void) { run("\(Self.work)\(nextID)", work) }

    func cancel(_ purpose: String) { tasks.removeValue(forKey: purpose)?.task.cancel() }

    /// Ends everything; `sparingWork` lets go on what was begun with ``add(_:)``, as a deletion that is half done.
    func cancelAll(sparingWork: Bool = false) {
        let ended = tasks.filter { !sparingWork || !$0.key.hasPrefix(Self.work) }
        for (purpose, entry) in ended {
            entry.task.cancel()
            tasks[purpose] = nil
        }
    }

    func isRunning(_ purpose: String) -> Bool { tasks[purpose] != nil }

    /// Returns when the work for a purpose has ended.
    func wait(for purpose: String) async { await tasks[purpose]?.task.value }

    private func forget(_ purpose: String, _ id: Int) {
        if tasks[purpose]?.id == id { tasks[purpose] = nil }
    }
}
