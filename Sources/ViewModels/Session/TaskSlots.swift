/// The tasks a session owns: at most one for each purpose, where a new one ends the old one, and work that nothing else ends.
///
/// Key presses enter the concurrent world here; everything else is structured below these tasks.
@MainActor final class TaskSlots {
    /// What a task is for.
    enum Purpose: Hashable {
        /// Keeping a connection to the shown cluster.
        case session
        /// Following what that cluster holds.
        case feed
        /// Following whether its context is unlocked.
        case gate
        /// Showing how long an unlock still holds.
        case unlock
        /// Following the objects of a kind, by its id.
        case table(String)
        /// Following which objects of a kind match its filter's selectors.
        case selectors(String)
        /// Following the objects of one of several contexts, by its place.
        case member(Int)
        /// Showing whether changes pass in one of several contexts, by its place.
        case memberGate(Int)
        /// Letting keys that wait go on without the contexts that have not answered.
        case joinedPatience
        /// Giving up on a command that waits for its object.
        case awaitedCommand
        /// Asking how many objects of a kind there are.
        case count
        /// Reading which contexts there are.
        case contexts
        /// Asking which kinds the cluster has.
        case kinds
        /// Listing the names of the objects of every kind.
        case findObjects
        /// Asking what pods use while somebody sees it.
        case usage
        /// The same of a context of a joined table, by its place.
        case memberUsage(Int)
        /// Creating the demo.
        case demo
        /// Showing the pod that the cursor rests on.
        case follow
        /// Following the shown log.
        case logs
        /// Following the events about a pod without a log.
        case logEvents
        /// Reading the pod that a log waits for.
        case logPod
        /// Reading the pod that something is asked of.
        case pod
        /// Finding the pods whose logs are to be merged.
        case findLogs
        /// Listing the logs of deleted pods.
        case keptLogs
        /// Reading what a question about an object needs.
        case question
        /// Keeping the text over the panes current.
        case detail
        /// Reading what the editor is to show.
        case open
        /// Finding the owner that the editor is to show.
        case owner
        /// Following the object behind the editor's text.
        case target
        /// Finding what a change in the cluster means to the editor's text.
        case change
        /// Listing the objects of a name in every namespace.
        case find
        /// Checking what is typed.
        case check
        /// Asking the server in the background what it would say to the text.
        case dryRun
        /// Finding what the field at the cursor means.
        case help
        /// Finding who owns the fields of the editor's text.
        case owners
        /// Comparing the editor's text with another one.
        case difference
        /// Reading files for the editor, or the names of some.
        case file
        /// Reading what kinds the server has.
        case schemas
        /// Asking the server about the text: what it would change, or what changed meanwhile.
        case apply
        /// Saving unsaved text.
        case saveDraft
        /// Reading the texts that were never applied.
        case listDrafts
        /// Keeping an open answer to "why?" current.
        case why
        /// Finding what an undo would do.
        case undo
        /// Keeping an open text about the past current.
        case history
        /// Keeping an open list of versions current.
        case versions
    }

    private struct Entry {
        let id: Int
        let task: Task<Void, Never>
    }

    private var slots: [Purpose: Entry] = [:]
    private var work: [Int: Task<Void, Never>] = [:]
    private var nextID = 0

    /// Runs a task for a purpose in place of what ran for it.
    func run(_ purpose: Purpose, _ body: @escaping @MainActor () async -> Void) {
        slots[purpose]?.task.cancel()
        nextID += 1
        let id = nextID
        let task = Task { [weak self] in
            await body()
            self?.forget(purpose, id)
        }
        slots[purpose] = Entry(id: id, task: task)
    }

    /// Runs work beside everything else, as a deletion that must not stop half done. Returns its number, for ``cancelWork(_:)``.
    @discardableResult
    func add(_ body: @escaping @MainActor () async -> Void) -> Int {
        nextID += 1
        let id = nextID
        work[id] = Task { [weak self] in
            await body()
            self?.work[id] = nil
        }
        return id
    }

    /// Ends one piece of work.
    func cancelWork(_ id: Int) { work.removeValue(forKey: id)?.cancel() }

    /// Whether any work is still going on.
    var hasWork: Bool { !work.isEmpty }

    /// Whether a piece of work is still going on.
    func isWorking(_ id: Int) -> Bool { work[id] != nil }

    func cancel(_ purpose: Purpose) { slots.removeValue(forKey: purpose)?.task.cancel() }

    /// Ends everything.
    func cancelAll() {
        cancelSlots()
        for task in work.values { task.cancel() }
        work = [:]
    }

    /// Ends everything but what was begun with ``add(_:)``.
    func cancelSlots() {
        for entry in slots.values { entry.task.cancel() }
        slots = [:]
    }

    /// Returns when what runs for a purpose now has ended.
    func end(of purpose: Purpose) async { await slots[purpose]?.task.value }

    func isRunning(_ purpose: Purpose) -> Bool { slots[purpose] != nil }

    private func forget(_ purpose: Purpose, _ id: Int) {
        if slots[purpose]?.id == id { slots[purpose] = nil }
    }
}
