/// What a batch of submissions comes to: each checked against the state the ones before it leave behind. No input or output of its own.
struct BatchPlan {
    /// The current version of an object that exists.
    struct Version {
        let object: StoredObject
        /// The newest version in the log.
        let durableRevision: Int64
    }

    /// A row for the log.
    struct Row {
        let revision: Int64
        let key: ObjectKey
        /// The version in the log that this one supersedes; 0 when there is no object before.
        let previous: Int64
        let isDeletion: Bool
        let writer: String
        let retention: ObjectWrite.Retention
        let spliceOffset: Int?
        let bytes: Bytes?
    }

    /// What became of a submission.
    struct Outcome {
        let result: Result<[StoredObject], StoreError>
        /// Whether the result holds only if the batch is committed.
        let dependsOnBatch: Bool
    }

    /// The rows to write; empty when nothing needs a transaction.
    private(set) var rows: [Row] = []

    /// What becomes visible after the commit, in revision order.
    private(set) var changes: [CurrentState.Change] = []

    /// One for each submission, in order.
    private(set) var outcomes: [Outcome] = []

    /// The newest revision given out.
    private(set) var lastRevision: Int64

    /// Whether some change has a revision that no row records.
    private(set) var hasVolatileChanges = false

    private var staged: [ObjectKey: Version?] = [:]

    /// A plan that gives out the revisions after `lastRevision`.
    init(after lastRevision: Int64) {
        self.lastRevision = lastRevision
    }

    /// Adds a submission; `lookUp` finds the committed version of an object.
    mutating func add(_ submission: Submission, lookUp: (ObjectKey) throws(StoreError) -> Version?) {
        let (rowCount, changeCount, revision, hadVolatileChanges) = (rows.count, changes.count, lastRevision, hasVolatileChanges)
        var replaced: [(key: ObjectKey, known: Version??)] = []
        var dependsOnBatch = false
        do throws(StoreError) {
            var objects: [StoredObject] = []
            for write in submission.writes {
                let current: Version?
                if let known = staged[write.key] {
                    dependsOnBatch = true
                    current = known
                } else {
                    current = try lookUp(write.key)
                }
                try Self.check(write, current)
                replaced.append((write.key, staged[write.key]))
                objects.append(stage(write, current, isVolatile: submission.isVolatile && current != nil))
            }
            outcomes.append(Outcome(result: .success(objects), dependsOnBatch: true))
        } catch {
            // Nothing of the submission stays. Undone by hand: a copy of the plan kept for this would be copied by every append.
            rows.removeLast(rows.count - rowCount)
            changes.removeLast(changes.count - changeCount)
            (lastRevision, hasVolatileChanges) = (revision, hadVolatileChanges)
            for (key, known) in replaced.reversed() { staged[key] = known }
            outcomes.append(Outcome(result: .failure(error), dependsOnBatch: dependsOnBatch))
        }
    }

    private static func check(_ write: Submission.Write, _ current: Version?) throws(StoreError) {
        switch write.precondition {
        case .mustNotExist:
            if let current { throw .exists(current.object) }
        case .revision(let expected):
            guard current?.object.revision == expected else { throw .conflict(current: current?.object) }
        case .any:
            if current == nil { throw .notFound }
        case .anyOrAbsent: break
        }
        if write.isDeletion && current == nil { throw .notFound }
    }

    private mutating func stage(_ write: Submission.Write, _ current: Version?, isVolatile: Bool) -> StoredObject {
        lastRevision += 1
        let isOwnContent = write.content != nil
        let object = StoredObject(
            key: write.key, revision: lastRevision, bytes: write.content ?? current?.object.bytes ?? Bytes([]),
            spliceOffset: isOwnContent ? write.spliceOffset : current?.object.spliceOffset)
        let durable = isVolatile ? current?.durableRevision ?? 0 : lastRevision
        let kind: StoreEvent.Kind = write.isDeletion ? .deleted : current == nil ? .added : .modified
        let event = StoreEvent(kind: kind, object: object, previous: current?.object)
        let entry = write.isDeletion ? nil : IndexEntry(object, durableRevision: durable)
        changes.append(CurrentState.Change(event: event, entry: entry))
        // Assigning nil would remove the key: that the object is gone has to be remembered.
        staged.updateValue(write.isDeletion ? nil : Version(object: object, durableRevision: durable), forKey: write.key)
        guard !isVolatile else {
            hasVolatileChanges = true
            return object
        }
        // A deletion repeats the last state only when the log does not have it.
        let isLogged = write.isDeletion && !isOwnContent && current?.durableRevision == current?.object.revision
        rows.append(
            Row(
                revision: lastRevision, key: write.key, previous: current?.durableRevision ?? 0, isDeletion: write.isDeletion,
                writer: write.writer, retention: write.retention, spliceOffset: object.spliceOffset,
                bytes: isLogged ? nil : object.bytes))
        return object
    }
}
