import JSONCore

/// Merging and cutting of objects by schema. Source: structured-merge-diff `typed/merge.go` and `typed/remove.go`.
enum StructuredMerge {
    /// The live value with a configuration laid over it: objects and lists of their own fields are joined, all else is replaced.
    static func merge(_ live: JSONValue, _ config: JSONValue, _ shape: FieldShape) -> JSONValue {
        // An explicit null clears a single value only.
        if config.isNull, shape.members(live)?.isEmpty == false || shape.items(live)?.isEmpty == false { return live }
        if let changes = shape.members(config), !changes.isEmpty || shape.members(live)?.isEmpty == false {
            guard var result = shape.members(live) else { return config }
            for change in changes {
                if let position = result.position(of: change.key) {
                    let before = result[position].value
                    result[position].value = merge(before, change.value, shape.below(.field(change.key)))
                } else {
                    result.append(unchecked: change.key, value: change.value)
                }
            }
            return .object(result)
        }
        if let changes = shape.items(config), let items = shape.items(live), !changes.isEmpty || !items.isEmpty {
            return .array(merge(items, changes, shape))
        }
        return config
    }

    /// Items of both stand in the order of the configuration, the others where the live list had them.
    private static func merge(_ live: [JSONValue], _ config: [JSONValue], _ shape: FieldShape) -> [JSONValue] {
        let liveElements = live.map { shape.element(of: $0) }
        let wantedElements = config.map { shape.element(of: $0) }
        var livePlaces: [PathElement: Int] = [:]
        for (index, element) in liveElements.enumerated() {
            if let element, livePlaces[element] == nil { livePlaces[element] = index }
        }
        let wanted = Set(wantedElements.compactMap { $0 })
        var shared = wantedElements.filter { $0.map { livePlaces[$0] != nil } ?? false }[...]
        var result: [JSONValue] = []
        var (left, right) = (0, 0)
        func merged(_ index: Int) -> JSONValue {
            guard let element = wantedElements[index], let place = livePlaces[element] else { return config[index] }
            return merge(live[place], config[index], shape.below(element))
        }
        while left < live.count || right < config.count {
            if left < live.count, right < config.count {
                if liveElements[left] == wantedElements[right] {
                    result.append(merged(right))
                    left += 1
                    right += 1
                    shared = shared.dropFirst()
                    continue
                }
                if let element = liveElements[left], wanted.contains(element), let next = shared.first, next != element {
                    left += 1
                    continue
                }
            }
            if left < live.count, liveElements[left].map({ !wanted.contains($0) }) ?? true {
                result.append(live[left])
                left += 1
            } else if right < config.count {
                result.append(merged(right))
                if let next = shared.first, next == wantedElements[right] { shared = shared.dropFirst() }
                right += 1
            } else {
                left += 1
            }
        }
        return result
    }

    /// The value without the fields of a set; nil when nothing of an object or a list is left.
    static func remove(_ set: FieldSet, from value: JSONValue, _ shape: FieldShape) -> JSONValue? {
        guard !set.isEmpty else { return value }
        if let members = shape.members(value) {
            var result = JSONObject()
            for member in members {
                let node = set[.field(member.key)]
                if node?.isMember == true { continue }
                var kept: JSONValue? = member.value
                if let below = node?.children, !below.isEmpty {
                    kept = remove(below, from: member.value, shape.below(.field(member.key)))
                }
                if let kept { result.append(unchecked: member.key, value: kept) }
            }
            return result.isEmpty ? nil : .object(result)
        }
        if let items = shape.items(value) {
            var result: [JSONValue] = []
            for item in items {
                guard let element = shape.element(of: item), let node = set[element] else {
                    result.append(item)
                    continue
                }
                if node.isMember { continue }
                if let kept = remove(node.children, from: item, shape.below(element)) { result.append(kept) }
            }
            return result.isEmpty ? nil : .array(result)
        }
        return value
    }
}
