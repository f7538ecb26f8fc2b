import JSONCore

/// Puts a merged list into order: items of the patch as the patch wants them, the others where the live list had them.
struct StrategicOrder {
    let field: FieldSchema?

    /// What tells an item apart: its merge key, or itself.
    func key(_ item: JSONValue) -> JSONValue? {
        guard let mergeKey = field?.patchMergeKey, case .object(let object) = item else { return item }
        return object[mergeKey]
    }

    /// The first place of each item.
    func index(_ list: [JSONValue]) -> [JSONValue: Int] {
        var places = [JSONValue: Int](minimumCapacity: list.count)
        for (index, item) in list.enumerated() {
            guard let key = key(item), places[key] == nil else { continue }
            places[key] = index
        }
        return places
    }

    /// The items in order.
    func arrange(_ items: [JSONValue], wanted: [JSONValue], live: [JSONValue]) -> [JSONValue] {
        let wantedPlaces = index(wanted)
        let livePlaces = index(live)
        func place(_ item: JSONValue, _ places: [JSONValue: Int]) -> Int? { key(item).flatMap { places[$0] } }
        func sorted(_ list: [JSONValue], _ places: [JSONValue: Int]) -> [JSONValue] {
            list.enumerated().sorted { left, right in
                (place(left.element, places) ?? .max, left.offset) < (place(right.element, places) ?? .max, right.offset)
            }.map(\.element)
        }
        let patched = sorted(items.filter { place($0, wantedPlaces) != nil }, wantedPlaces)
        let others = sorted(items.filter { place($0, wantedPlaces) == nil }, livePlaces)
        var result: [JSONValue] = []
        result.reserveCapacity(items.count)
        var (left, right) = (0, 0)
        while left < others.count, right < patched.count {
            let isBefore =
                if let a = place(others[left], livePlaces), let b = place(patched[right], livePlaces) { a < b } else { false }
            if isBefore {
                result.append(others[left])
                left += 1
            } else {
                result.append(patched[right])
                right += 1
            }
        }
        return result + patched[right...] + others[left...]
    }
}
