import JSONCore

/// Applies a strategic merge patch. Recursion is bounded by the depth of the patch.
enum StrategicMerger {
    static func merge(_ original: JSONObject, _ patch: JSONObject, _ shape: StrategicShape) throws(APIStatus) -> JSONObject {
        if let directive = patch[StrategicDirective.patch] {
            switch directive.stringValue {
            case "replace": return StrategicCleaner.clean(patch)
            case "delete": return JSONObject()
            case "merge": break
            default:
                throw .badRequest("unknown patch type: \(directive.stringValue ?? directive.description) in map: \(JSONValue.object(patch))")
            }
        }
        var result = original
        try retainKeys(&result, patch)
        let ordered = try mergeOrderedLists(&result, patch, shape)
        for change in patch where !ordered.contains(change.key) {
            if change.key.hasPrefix(StrategicDirective.deletePrefix) {
                try deletePrimitives(&result, change, shape)
            } else if !StrategicDirective.isDirective(change.key) {
                try merge(&result, change.key, change.value, shape)
            }
        }
        return result
    }

    private static func merge(
        _ result: inout JSONObject, _ key: String, _ change: JSONValue, _ shape: StrategicShape
    ) throws(APIStatus) {
        if change.isNull {
            result.removeValue(forKey: key)
            return
        }
        guard let position = result.position(of: key) else {
            result.append(unchecked: key, value: StrategicCleaner.clean(change))
            return
        }
        let field = shape.field(key)
        switch (result[position].value, change) {
        case (.object(let before), .object(let changes)):
            let isReplaced = field?.patchStrategies.contains("replace") ?? false
            let merged = isReplaced ? StrategicCleaner.clean(changes) : try merge(before, changes, shape.below(key))
            result[position].value = .object(merged)
        case (.array(let before), .array(let changes)):
            result[position].value = .array(try mergeLists(before, changes, field, shape.below(key)))
        default: result[position].value = StrategicCleaner.clean(change)
        }
    }

    private static func retainKeys(_ result: inout JSONObject, _ patch: JSONObject) throws(APIStatus) {
        guard let directive = patch[StrategicDirective.retainKeys] else { return }
        guard case .array(let list) = directive else { throw .badRequest("invalid patch format of $retainKeys") }
        let kept = Set(list.compactMap(\.stringValue))
        for member in patch where !member.value.isNull && !StrategicDirective.isDirective(member.key) {
            guard kept.contains(member.key) else { throw .badRequest("invalid patch format of $retainKeys") }
        }
        result.removeAll { !kept.contains($0.key) }
    }

    private static func deletePrimitives(
        _ result: inout JSONObject, _ change: JSONObject.Member, _ shape: StrategicShape
    ) throws(APIStatus) {
        let key = String(change.key.dropFirst(StrategicDirective.deletePrefix.count))
        guard case .array(let unwanted) = change.value else { throw .badRequest("invalid patch format of primitive list") }
        guard case .array(let elements)? = result[key] else { return }
        let gone = Set(unwanted)
        result[key] = .array(elements.filter { !gone.contains($0) })
    }

    /// Merges the lists that have a `$setElementOrder` and returns their keys, which are then done.
    private static func mergeOrderedLists(
        _ result: inout JSONObject, _ patch: JSONObject, _ shape: StrategicShape
    ) throws(APIStatus) -> Set<String> {
        var done: Set<String> = []
        for directive in patch where directive.key.hasPrefix(StrategicDirective.orderPrefix) {
            let key = String(directive.key.dropFirst(StrategicDirective.orderPrefix.count))
            guard case .array(let order) = directive.value else {
                throw .badRequest("invalid patch format of $setElementOrder list")
            }
            let field = shape.field(key)
            let changes = patch[key]
            // Removals from a primitive list come before its order is set.
            let deletion = StrategicDirective.deletePrefix + key
            if let unwanted = patch[deletion] {
                try deletePrimitives(&result, JSONObject.Member(key: deletion, value: unwanted), shape)
                done.insert(deletion)
            }
            let existing = result[key]?.arrayValue
            var merged: [JSONValue]
            switch (existing, changes) {
            case (let before?, nil): merged = before
            case (let before?, .array(let changes)?):
                try checkOrder(changes, order, field)
                merged = try mergeLists(before, changes, field, shape.below(key))
            case (nil, .array(let changes)?): merged = StrategicCleaner.clean(list: changes)
            default: continue
            }
            merged = StrategicOrder(field: field).arrange(merged, wanted: order, live: existing ?? [])
            result[key] = .array(merged)
            done.insert(key)
        }
        return done
    }

    /// The patch's items must follow the order it asks for.
    private static func checkOrder(_ changes: [JSONValue], _ order: [JSONValue], _ field: FieldSchema?) throws(APIStatus) {
        let places = StrategicOrder(field: field)
        let index = places.index(order)
        var last = -1
        for change in changes where change[StrategicDirective.patch] == nil {
            guard let key = places.key(change), let place = index[key], place >= last else {
                throw .badRequest(
                    "The order in patch list:\n\(JSONValue.array(changes))\n doesn't match $setElementOrder list:\n\(JSONValue.array(order))\n")
            }
            last = place
        }
    }

    private static func mergeLists(
        _ before: [JSONValue], _ changes: [JSONValue], _ field: FieldSchema?, _ shape: StrategicShape
    ) throws(APIStatus) -> [JSONValue] {
        guard let field, field.isMerged else { return StrategicCleaner.clean(list: changes) }
        let isObjects = (before.first ?? changes.first)?.objectValue != nil
        guard isObjects else {
            var seen: Set<JSONValue> = []
            let merged = (before + changes).filter { seen.insert($0).inserted }
            return StrategicOrder(field: field).arrange(merged, wanted: changes, live: before)
        }
        guard let mergeKey = field.patchMergeKey else {
            throw .badRequest("cannot merge lists without merge key for \(field.jsonName)")
        }
        var list = StrategicList(before, mergeKey: mergeKey, mapKeys: field.mapKeys)
        var plain: [JSONObject] = []
        var isReplaced = false
        for change in changes {
            guard case .object(let object) = change else { throw .badRequest("invalid patch format of list \(field.jsonName)") }
            switch object[StrategicDirective.patch]?.stringValue {
            case nil where object[StrategicDirective.patch] == nil: plain.append(object)
            case "delete":
                guard let value = object[mergeKey] else { throw missingKey(change, mergeKey) }
                list.remove(value)
            case "replace": isReplaced = true
            case "merge": throw .badRequest("merging lists cannot yet be specified in the patch")
            default: throw .badRequest("unknown patch type: \(object[StrategicDirective.patch] ?? .null) in map: \(change)")
            }
        }
        if isReplaced { return plain.map { .object(StrategicCleaner.clean($0)) } }
        for object in plain {
            guard object[mergeKey] != nil else { throw missingKey(.object(object), mergeKey) }
            if let position = list.position(of: object), case .object(let existing) = list.items[position] {
                list.items[position] = .object(try merge(existing, object, shape))
            } else {
                list.append(StrategicCleaner.clean(object))
            }
        }
        return StrategicOrder(field: field).arrange(list.remaining, wanted: plain.map { .object($0) }, live: before)
    }

    private static func missingKey(_ value: JSONValue, _ key: String) -> APIStatus {
        .badRequest("map: \(value) does not contain declared merge key: \(key)")
    }
}

/// A list of objects that is found by merge key; by all keys when the patch gives them all.
private struct StrategicList {
    var items: [JSONValue]
    private var isRemoved: [Bool]
    private let mergeKey: String
    private let mapKeys: [String]
    private var byKey: [JSONValue: Int] = [:]
    private var byKeys: [JSONValue: Int] = [:]

    init(_ items: [JSONValue], mergeKey: String, mapKeys: [String]) {
        self.items = items
        self.mergeKey = mergeKey
        self.mapKeys = mapKeys.count > 1 ? mapKeys : []
        isRemoved = [Bool](repeating: false, count: items.count)
        for index in items.indices { register(index) }
    }

    var remaining: [JSONValue] { items.indices.filter { !isRemoved[$0] }.map { items[$0] } }

    func position(of change: JSONObject) -> Int? {
        if let identity = identity(change), let exact = byKeys[identity] { return exact }
        return change[mergeKey].flatMap { byKey[$0] }
    }

    mutating func append(_ object: JSONObject) {
        items.append(.object(object))
        isRemoved.append(false)
        register(items.count - 1)
    }

    mutating func remove(_ value: JSONValue) {
        guard byKey[value] != nil else { return }
        for index in items.indices where items[index][mergeKey] == value { isRemoved[index] = true }
        byKey[value] = nil
        byKeys = byKeys.filter { !isRemoved[$0.value] }
    }

    private mutating func register(_ index: Int) {
        guard case .object(let object) = items[index], let key = object[mergeKey] else { return }
        if byKey[key] == nil { byKey[key] = index }
        if let identity = identity(object), byKeys[identity] == nil { byKeys[identity] = index }
    }

    private func identity(_ object: JSONObject) -> JSONValue? {
        guard !mapKeys.isEmpty else { return nil }
        var values: [JSONValue] = []
        for key in mapKeys {
            guard let value = object[key] else { return nil }
            values.append(value)
        }
        return .array(values)
    }
}

/// Removes directives and nulls from a value that is taken over as a whole.
enum StrategicCleaner {
    static func clean(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let object): .object(clean(object))
        case .array(let elements): .array(clean(list: elements))
        default: value
        }
    }

    static func clean(_ object: JSONObject) -> JSONObject {
        if object[StrategicDirective.patch]?.stringValue == "delete" { return JSONObject() }
        var result = JSONObject()
        for member in object where !member.value.isNull && !StrategicDirective.isDirective(member.key) {
            result.append(unchecked: member.key, value: clean(member.value))
        }
        return result
    }

    static func clean(list: [JSONValue]) -> [JSONValue] {
        list.filter { element in
            guard let directive = element[StrategicDirective.patch]?.stringValue else { return true }
            return directive != "delete" && (directive != "replace" || (element.objectValue?.count ?? 0) > 1)
        }.map(clean)
    }
}
