/// The cursor, which follows an object, and the marks.
extension ResourcesModel {
    package func select(index place: Int) {
        update()
        guard order.indices.contains(place) else { return }
        let next = id(Int(order[place]))
        let isMove = selected != next
        vanished = nil
        (selected, selectedPlace) = (next, place)
        if isMove { onSelect() }
        signal.touch()
    }

    /// Puts the cursor on an object when it is shown.
    package func select(uid: String) {
        update()
        if let place = place(ObjectID(uid)) { select(index: place) }
    }

    package func moveSelection(by amount: Int) {
        guard count > 0 else { return }
        select(index: max(0, min(count - 1, (selectedIndex ?? 0) + amount)))
    }

    package func toggleMark() {
        guard let uid = selectedUID else { return }
        let id = ObjectID(uid)
        if marks.remove(id) == nil { marks.insert(id) }
        signal.touch()
    }

    /// Marks every row from the last marked one before the cursor, or from the top, to the cursor.
    package func markRange() {
        guard let end = selectedIndex else { return }
        let start = (0..<end).last { marks.contains(id(Int(order[$0]))) } ?? 0
        for place in start...end { marks.insert(id(Int(order[place]))) }
        signal.touch()
    }

    /// Marks a row.
    func mark(uid: String) {
        marks.insert(ObjectID(uid))
        signal.touch()
    }

    /// Takes every mark away.
    package func clearMarks() {
        marks = []
        signal.touch()
    }

    static func place(of row: ResourceRow) -> String { row.namespace.isEmpty ? row.name : "\(row.namespace)/\(row.name)" }

    /// Says which object vanished from under the cursor and how, once: whoever is told knows where the cursor is now.
    package func takeVanished() -> String? {
        defer { vanished = nil }
        return vanished
    }
}
