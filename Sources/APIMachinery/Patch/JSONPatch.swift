package import JSONCore

/// JSON Patch. Source: RFC 6902; a failed operation is 422, as the API server answers.
package enum JSONPatch {
    /// The value with every operation applied in order; nothing is applied when one fails.
    package static func apply(
        _ patch: JSONValue, to value: JSONValue, limits: PatchLimits = .default
    ) throws(APIStatus) -> JSONValue {
        guard case .array(let list) = patch else {
            throw .badRequest("error decoding patch: a JSON patch is a list of operations, found \(patch.kindName)")
        }
        guard list.count <= limits.maximumOperations else {
            throw .tooLarge(
                "The allowed maximum operations in a JSON patch is \(limits.maximumOperations), got \(list.count)")
        }
        var operations: [JSONPatchOperation] = []
        operations.reserveCapacity(list.count)
        for entry in list { operations.append(try JSONPatchOperation(entry)) }
        var result = value
        var budget = limits.maximumNodes
        for operation in operations {
            try operation.apply(to: &result, budget: &budget, depth: limits.maximumDepth)
        }
        if result.isDeeper(than: limits.maximumDepth) {
            throw .badRequest("the patched object is nested deeper than \(limits.maximumDepth) levels")
        }
        return result
    }

    /// A patch that turns one value into another: replacements of whole subtrees where they differ.
    package static func diff(from old: JSONValue, to new: JSONValue) -> JSONValue {
        var operations: [JSONValue] = []
        diff(old, new, .root, &operations)
        return .array(operations)
    }

    private static func diff(_ old: JSONValue, _ new: JSONValue, _ place: JSONPointer, _ operations: inout [JSONValue]) {
        if old == new { return }
        guard case .object(let before) = old, case .object(let after) = new else {
            operations.append(["op": "replace", "path": .string(place.description), "value": new])
            return
        }
        for member in before where after[member.key] == nil {
            operations.append(["op": "remove", "path": .string(place.appending(member.key).description)])
        }
        for member in after {
            let here = place.appending(member.key)
            if let previous = before[member.key] {
                diff(previous, member.value, here, &operations)
            } else {
                operations.append(["op": "add", "path": .string(here.description), "value": member.value])
            }
        }
    }
}

/// One operation of a JSON patch.
private struct JSONPatchOperation {
    enum Action {
        case add(JSONValue)
        case remove
        case replace(JSONValue)
        case move(JSONPointer)
        case copy(JSONPointer)
        case test(JSONValue)
    }

    let action: Action
    let path: JSONPointer

    init(_ value: JSONValue) throws(APIStatus) {
        guard case .object(let object) = value else {
            throw .badRequest("error decoding patch: an operation is an object, found \(value.kindName)")
        }
        let name = object["op"]?.stringValue ?? ""
        path = try Self.pointer(object, "path", name)
        switch name {
        case "add": action = .add(try Self.value(object, name))
        case "remove": action = .remove
        case "replace": action = .replace(try Self.value(object, name))
        case "move": action = .move(try Self.pointer(object, "from", name))
        case "copy": action = .copy(try Self.pointer(object, "from", name))
        case "test": action = .test(object["value"] ?? .null)
        default: throw .badRequest("error decoding patch: unexpected kind of operation \(name.goQuoted)")
        }
    }

    private static func pointer(_ object: JSONObject, _ field: String, _ name: String) throws(APIStatus) -> JSONPointer {
        guard let text = object[field]?.stringValue else {
            throw .badRequest("error decoding patch: operation \(name.goQuoted) needs the field \(field.goQuoted)")
        }
        do throws(JSONError) { return try JSONPointer(parsing: text) } catch {
            throw .badRequest("error decoding patch: \(error.message)")
        }
    }

    private static func value(_ object: JSONObject, _ name: String) throws(APIStatus) -> JSONValue {
        guard let value = object["value"] else {
            throw .badRequest("error decoding patch: operation \(name.goQuoted) needs the field \"value\"")
        }
        return value
    }

    func apply(to document: inout JSONValue, budget: inout Int, depth: Int) throws(APIStatus) {
        switch action {
        case .add(let value): try PatchTree.edit(&document, path.tokens[...], .add(value), failure)
        case .remove: try PatchTree.edit(&document, path.tokens[...], .remove, failure)
        case .replace(let value): try PatchTree.edit(&document, path.tokens[...], .replace(value), failure)
        case .move(let from):
            guard let value = document[pointer: from] else { throw failure("from", "doesn't exist", from) }
            if from == path { return }
            if from.isPrefix(of: path) { throw failure("from", "cannot be moved into itself", from) }
            try PatchTree.edit(&document, from.tokens[...], .remove, failure)
            try PatchTree.edit(&document, path.tokens[...], .add(value), failure)
        case .copy(let from):
            guard let value = document[pointer: from] else { throw failure("from", "doesn't exist", from) }
            PatchTree.spend(value, &budget)
            // A copy into itself doubles the value; growth is bounded before it can exhaust memory or stack.
            guard budget > 0, path.tokens.count < depth * 2 else { throw .tooLarge("the patched object has too many values") }
            try PatchTree.edit(&document, path.tokens[...], .add(value), failure)
            if from.isPrefix(of: path), document.isDeeper(than: depth) {
                throw .badRequest("the patched object is nested deeper than \(depth) levels")
            }
        case .test(let expected):
            guard let found = document[pointer: path] else {
                if expected.isNull { return }
                throw failure("test", "doesn't exist", path)
            }
            guard PatchTree.isSame(found, expected) else {
                throw APIStatus.patchFailed("testing value \(path.description) failed: test failed")
            }
        }
    }

    private func failure(_ why: String) -> APIStatus { failure(name, why, path) }

    private func failure(_ what: String, _ why: String, _ place: JSONPointer) -> APIStatus {
        .patchFailed("\(what) operation does not apply: doc is missing path: \"\(place.description)\": \(why)")
    }

    private var name: String {
        switch action {
        case .add: "add"
        case .remove: "remove"
        case .replace: "replace"
        case .move: "move"
        case .copy: "copy"
        case .test: "test"
        }
    }
}

extension APIStatus {
    /// 422 for a patch that does not fit the object.
    static func patchFailed(_ why: String) -> APIStatus {
        APIStatus(
            code: 422, reason: .invalid, message: "the server rejected our request due to an error in our request: \(why)",
            details: Details())
    }
}

/// Edits of a tree along a path.
private enum PatchTree {
    enum Edit {
        case add(JSONValue)
        case replace(JSONValue)
        case remove
    }

    static func edit(
        _ value: inout JSONValue, _ path: ArraySlice<String>, _ edit: Edit, _ failure: (String) -> APIStatus
    ) throws(APIStatus) {
        guard let token = path.first else {
            switch edit {
            case .add(let new), .replace(let new): value = new
            case .remove: throw failure("the whole document cannot be removed")
            }
            return
        }
        let rest = path.dropFirst()
        switch value {
        case .object(var object):
            value = .null
            defer { value = .object(object) }
            guard rest.isEmpty else {
                guard let position = object.position(of: token) else { throw failure("missing path") }
                var child = object[position].value
                object[position].value = .null
                defer { object[position].value = child }
                try Self.edit(&child, rest, edit, failure)
                return
            }
            switch edit {
            case .add(let new): object[token] = new
            case .replace(let new):
                guard let position = object.position(of: token) else { throw failure("missing key") }
                object[position].value = new
            case .remove: guard object.removeValue(forKey: token) != nil else { throw failure("missing key") }
            }
        case .array(var elements):
            value = .null
            defer { value = .array(elements) }
            try editArray(&elements, token, rest, edit, failure)
        default: throw failure("missing path")
        }
    }

    private static func editArray(
        _ elements: inout [JSONValue], _ token: String, _ rest: ArraySlice<String>, _ edit: Edit, _ failure: (String) -> APIStatus
    ) throws(APIStatus) {
        if token == "-", rest.isEmpty, case .add(let new) = edit {
            elements.append(new)
            return
        }
        guard let index = JSONPointer.arrayIndex(token) else { throw failure("invalid index") }
        guard rest.isEmpty else {
            guard index < elements.count else { throw failure("index out of range") }
            var child = elements[index]
            elements[index] = .null
            defer { elements[index] = child }
            try Self.edit(&child, rest, edit, failure)
            return
        }
        switch edit {
        case .add(let new):
            guard index <= elements.count else { throw failure("index out of range") }
            elements.insert(new, at: index)
        case .replace(let new):
            guard index < elements.count else { throw failure("index out of range") }
            elements[index] = new
        case .remove:
            guard index < elements.count else { throw failure("index out of range") }
            elements.remove(at: index)
        }
    }

    /// Takes the number of values below this one from a budget; stops when it is spent.
    static func spend(_ value: JSONValue, _ budget: inout Int) {
        budget -= 1
        guard budget > 0 else { return }
        switch value {
        case .array(let elements): for element in elements where budget > 0 { spend(element, &budget) }
        case .object(let members): for member in members where budget > 0 { spend(member.value, &budget) }
        default: break
        }
    }

    /// Equality in which 1 and 1.0 are the same number.
    static func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.integer(let a), .double(let b)), (.double(let b), .integer(let a)): return Double(a) == b
        case (.array(let a), .array(let b)): return a.count == b.count && zip(a, b).allSatisfy(isSame)
        case (.object(let a), .object(let b)):
            return a.count == b.count && a.allSatisfy { member in b[member.key].map { isSame(member.value, $0) } ?? false }
        default: return left == right
        }
    }
}
