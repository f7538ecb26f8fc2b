/// Who wants to be told of the next event, found by the event's key without asking everybody.
struct WaiterTable {
    typealias Wake = @Sendable () -> Void

    private struct Waiter {
        let cursor: WatchCursor
        let wake: Wake
    }

    // Keyed by the part of the prefix up to its last slash: an event looks at the few folders its key lies in.
    private var folders: [String: [ObjectIdentifier: Waiter]] = [:]

    /// Adds `cursor`, or replaces its callback.
    mutating func add(_ cursor: WatchCursor, _ wake: @escaping Wake) {
        cursor.isWaiting = true
        folders[Self.folder(of: cursor.prefix), default: [:]][ObjectIdentifier(cursor)] = Waiter(cursor: cursor, wake: wake)
    }

    /// Forgets `cursor`.
    mutating func remove(_ cursor: WatchCursor) {
        guard cursor.isWaiting else { return }
        cursor.isWaiting = false
        let folder = Self.folder(of: cursor.prefix)
        folders[folder]?[ObjectIdentifier(cursor)] = nil
        if folders[folder]?.isEmpty == true { folders[folder] = nil }
    }

    /// Takes out everybody whom an event at `revision` for `key` concerns, their cursors moved to just before it.
    mutating func take(key: ObjectKey, revision: Int64, into wakes: inout [Wake]) {
        guard !folders.isEmpty else { return }
        take(folder: "", key: key, revision: revision, into: &wakes)
        let text = key.string.utf8
        for index in text.indices where text[index] == UInt8(ascii: "/") {
            take(folder: String(key.string[...index]), key: key, revision: revision, into: &wakes)
        }
    }

    private mutating func take(folder: String, key: ObjectKey, revision: Int64, into wakes: inout [Wake]) {
        guard let waiters = folders[folder] else { return }
        var staying: [ObjectIdentifier: Waiter] = [:]
        for (id, waiter) in waiters {
            let isWholeFolder = waiter.cursor.prefix.utf8.count == folder.utf8.count
            guard isWholeFolder || key.hasPrefix(waiter.cursor.prefix) else {
                staying[id] = waiter
                continue
            }
            waiter.cursor.isWaiting = false
            waiter.cursor.position = max(waiter.cursor.position, revision - 1)
            wakes.append(waiter.wake)
        }
        if staying.count == waiters.count { return }
        folders[folder] = staying.isEmpty ? nil : staying
    }

    private static func folder(of prefix: String) -> String {
        guard let slash = prefix.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(prefix[...slash])
    }
}
