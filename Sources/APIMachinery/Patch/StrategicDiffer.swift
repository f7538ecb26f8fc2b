import JSONCore

/// Makes strategic merge patches.
struct StrategicDiffer {
    /// The changes that bring `current` to `modified`, deleting what only `original` and `current` have.
    func diff(original: JSONObject, modified: JSONObject, current: JSONObject, _ shape: StrategicShape) -> JSONObject {
        var patch = JSONObject()
        for member in current where modified[member.key] == nil && original[member.key] != nil {
            patch.append(unchecked: member.key, value: .null)
        }
        for member in modified {
            guard let live = current[member.key] else {
                patch.append(unchecked: member.key, value: member.value)
                continue
            }
            let field = shape.field(member.key)
            switch (live, member.value) {
            case (.object(let before), .object(let after)):
                let below = original[member.key]?.objectValue ?? JSONObject()
                let isReplaced = field?.patchStrategies.contains("replace") ?? false
                let inner =
                    isReplaced
                    ? replacement(before, after) : changes(below, after, before, shape.below(member.key), field)
                if !inner.isEmpty { patch.append(unchecked: member.key, value: .object(inner)) }
            case (.array(let before), .array(let after)):
                let below = original[member.key]?.arrayValue ?? []
                diffLists(below, after, before, member.key, field, shape.below(member.key), &patch)
            default:
                if live != member.value { patch.append(unchecked: member.key, value: member.value) }
            }
        }
        return patch
    }

    /// The changes of one object, with the keys to retain where the schema asks for it.
    private func changes(
        _ original: JSONObject, _ modified: JSONObject, _ current: JSONObject, _ shape: StrategicShape, _ field: FieldSchema?
    ) -> JSONObject {
        var inner = diff(original: original, modified: modified, current: current, shape)
        if !inner.isEmpty, field?.patchStrategies.contains("retainKeys") == true {
            inner.append(unchecked: StrategicDirective.retainKeys, value: .array(modified.keys.map { .string($0) }))
        }
        return inner
    }

    private func replacement(_ before: JSONObject, _ after: JSONObject) -> JSONObject {
        guard before != after else { return JSONObject() }
        var whole = after
        whole[StrategicDirective.patch] = "replace"
        return whole
    }

    private func diffLists(
        _ original: [JSONValue], _ modified: [JSONValue], _ current: [JSONValue], _ key: String, _ field: FieldSchema?,
        _ shape: StrategicShape, _ patch: inout JSONObject
    ) {
        guard let field, field.isMerged else {
            if current != modified { patch.append(unchecked: key, value: .array(modified)) }
            return
        }
        guard let mergeKey = field.patchMergeKey else {
            diffPrimitives(original, modified, current, key, &patch)
            return
        }
        let order = StrategicOrder(field: field)
        guard isDistinct(original, order), isDistinct(modified, order), isDistinct(current, order) else {
            replaceList(original, modified, current, key, field, &patch)
            return
        }
        let (before, live, wanted) = (order.index(original), order.index(current), order.index(modified))
        var items: [JSONValue] = []
        for item in modified {
            guard let id = order.key(item), case .object(let after) = item else { continue }
            guard let place = live[id], case .object(let existing) = current[place] else {
                items.append(item)
                continue
            }
            let below = before[id].flatMap { original[$0].objectValue } ?? JSONObject()
            var inner = changes(below, after, existing, shape, field)
            guard !inner.isEmpty else { continue }
            inner[mergeKey] = id
            items.append(.object(inner))
        }
        for item in current {
            guard let id = order.key(item), wanted[id] == nil, before[id] != nil else { continue }
            items.append(.object([StrategicDirective.patch: "delete", mergeKey: id]))
        }
        let kept = current.filter { item in order.key(item).map { wanted[$0] != nil } ?? false }
        let isReordered = kept.map(order.key) != modified.filter { item in order.key(item).map { live[$0] != nil } ?? false }.map(order.key)
        guard !items.isEmpty || isReordered else { return }
        if !items.isEmpty { patch.append(unchecked: key, value: .array(items)) }
        let list = modified.map { JSONValue.object([mergeKey: order.key($0) ?? .null]) }
        patch.append(unchecked: StrategicDirective.orderPrefix + key, value: .array(list))
    }

    private func diffPrimitives(
        _ original: [JSONValue], _ modified: [JSONValue], _ current: [JSONValue], _ key: String, _ patch: inout JSONObject
    ) {
        let (live, wanted, before) = (Set(current), Set(modified), Set(original))
        let added = modified.filter { !live.contains($0) }
        let removed = current.filter { !wanted.contains($0) && before.contains($0) }
        let isReordered = current.filter(wanted.contains) != modified.filter(live.contains)
        guard !added.isEmpty || !removed.isEmpty || isReordered else { return }
        if !added.isEmpty { patch.append(unchecked: key, value: .array(added)) }
        if !removed.isEmpty { patch.append(unchecked: StrategicDirective.deletePrefix + key, value: .array(removed)) }
        patch.append(unchecked: StrategicDirective.orderPrefix + key, value: .array(modified))
    }

    /// Lists whose merge keys repeat can only be replaced; what only the live list has is kept.
    private func replaceList(
        _ original: [JSONValue], _ modified: [JSONValue], _ current: [JSONValue], _ key: String, _ field: FieldSchema,
        _ patch: inout JSONObject
    ) {
        let known = Set((original + modified).map { ListIdentity.identity(of: $0, field) })
        let foreign = current.filter { !known.contains(ListIdentity.identity(of: $0, field)) }
        guard current != modified + foreign else { return }
        let marker = JSONValue.object([StrategicDirective.patch: "replace"])
        patch.append(unchecked: key, value: .array(modified + foreign + [marker]))
    }

    private func isDistinct(_ list: [JSONValue], _ order: StrategicOrder) -> Bool {
        var seen: Set<JSONValue> = []
        return list.allSatisfy { item in
            guard item.objectValue != nil, let key = order.key(item) else { return false }
            return seen.insert(key).inserted
        }
    }
}
