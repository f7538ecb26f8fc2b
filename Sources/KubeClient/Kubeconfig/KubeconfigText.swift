import JSONCore

/// Adds an entry to a kubeconfig's text and takes it out again, touching no other byte. No files, no clock.
///
/// What cannot be told from the text alone is left in it as comments: ``addedMark`` on a line that was not there,
/// ``replacedMark`` with what stood in the place of a value. In flow style and JSON, where a comment has no room, `"key" : ` with a
/// blank before the colon marks a key as added. Every result is parsed and compared with what it should say before it is returned.
package struct KubeconfigText: Sendable {
    static let addedMark = "# added by kdash"
    static let replacedMark = "# kdash: was "
    /// Stands behind ``replacedMark`` where there was nothing.
    static let nothing = "(nothing)"
    /// The first line of a file that was not there.
    package static let createdMark = "# created by kdash"

    private let bytes: [UInt8]
    private let path: String
    let document: YAMLDocument

    /// The text of a file; `path` stands in messages. Throws `.malformed` when it is no kubeconfig of one document.
    package init(_ bytes: [UInt8], path: String) throws(KubeconfigError) {
        self.bytes = bytes
        self.path = path
        do throws(YAMLError) {
            document = try YAML.parseSingle(bytes)
        } catch {
            throw KubeconfigError(code: .malformed, message: "kubeconfig \(path) \(error)")
        }
        guard document.value.isNull || document.value.objectValue != nil else {
            throw KubeconfigError(code: .malformed, message: "kubeconfig \(path) is no map")
        }
    }

    /// The text with the entry; nil when it already says all of it. Sets current-context only when there is none.
    /// Throws `.nameTaken` when an entry of this name belongs to someone else.
    package func adding(_ entry: KubeconfigEntry) throws(KubeconfigError) -> [UInt8]? {
        try checkOwner(entry)
        let outdated = KubeconfigEntry.List.allCases.filter { list in
            guard let body = body(of: entry.name, in: list) else { return false }
            return !entry.isSatisfied(by: body, in: list)
        }
        guard outdated.isEmpty else {
            // Taken out first, so that the new ones leave the same marks behind as the first time.
            let without = try KubeconfigText(try removing(entry, from: outdated, includingContext: false), path: path)
            return try without.adding(entry)
        }
        var editor = KubeconfigEditor(bytes: bytes, document: document)
        for list in KubeconfigEntry.List.allCases where body(of: entry.name, in: list) == nil {
            editor.add(list, name: entry.name, body: entry.body(list))
        }
        if (document.value["current-context"]?.stringValue ?? "").isEmpty { editor.setCurrentContext(entry.name) }
        editor.finish()
        guard editor.hasEdits else { return nil }
        let result = editor.applied()
        try verify(result, entry, isPresent: true)
        return result
    }

    /// The text without the entry's parts that this cluster wrote; nil when there are none. A current-context that names it is emptied.
    package func removing(_ entry: KubeconfigEntry) throws(KubeconfigError) -> [UInt8]? {
        let owned = KubeconfigEntry.List.allCases.filter { list in
            body(of: entry.name, in: list).map { entry.owns($0, in: list) } ?? false
        }
        guard !owned.isEmpty else { return nil }
        let result = try removing(entry, from: owned, includingContext: owned.contains(.contexts))
        try verify(result, entry, isPresent: false)
        return result
    }

    /// Whether nothing but the mark of a file that was not there is left.
    package static func isLeftover(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix(createdMark) else { return false }
        return text.utf8.dropFirst(createdMark.utf8.count).allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D }
    }

    private func removing(
        _ entry: KubeconfigEntry, from lists: [KubeconfigEntry.List], includingContext: Bool
    ) throws(KubeconfigError) -> [UInt8] {
        var editor = KubeconfigEditor(bytes: bytes, document: document)
        for list in lists {
            guard let index = index(of: entry.name, in: list) else { continue }
            guard editor.remove(list, index: index) else { throw notEditable("\"\(list.rawValue)\"") }
        }
        if includingContext, document.value["current-context"]?.stringValue == entry.name {
            guard editor.clearCurrentContext() else { throw notEditable("\"current-context\"") }
        }
        editor.removeHeaderIfAlone(lists)
        return editor.applied()
    }

    /// What belongs to others may carry our name: then nothing is changed.
    private func checkOwner(_ entry: KubeconfigEntry) throws(KubeconfigError) {
        for list in KubeconfigEntry.List.allCases {
            guard let body = body(of: entry.name, in: list), !entry.owns(body, in: list) else { continue }
            throw KubeconfigError(
                code: .nameTaken,
                message: "kubeconfig \(path) has an entry \"\(entry.name)\" in \"\(list.rawValue)\" that this cluster did not write; "
                    + "rename or remove it, or use --no-merge")
        }
    }

    /// Throws unless the changed text says what it should and everything else it said before.
    private func verify(_ result: [UInt8], _ entry: KubeconfigEntry, isPresent: Bool) throws(KubeconfigError) {
        guard let after = try? YAML.parseSingle(result).value else { throw notEditable("the file") }
        for list in KubeconfigEntry.List.allCases {
            let before = Self.others(document.value[list.rawValue], entry, list)
            guard Self.others(after[list.rawValue], entry, list) == before else { throw notEditable("\"\(list.rawValue)\"") }
            let own = (after[list.rawValue]?.arrayValue ?? []).filter { $0["name"]?.stringValue == entry.name }
            let isRight =
                isPresent
                ? own.count == 1 && entry.isSatisfied(by: own[0][list.part], in: list)
                : !own.contains { entry.owns($0[list.part], in: list) }
            guard isRight else { throw notEditable("\"\(list.rawValue)\"") }
        }
        let known = Set(KubeconfigEntry.List.allCases.map(\.rawValue) + ["current-context", "apiVersion", "kind"])
        for member in document.value.objectValue ?? JSONObject() where !known.contains(member.key) {
            guard after[member.key] == member.value else { throw notEditable("\"\(member.key)\"") }
        }
        let context = document.value["current-context"]?.stringValue ?? ""
        if !context.isEmpty, context != entry.name, after["current-context"]?.stringValue != context {
            throw notEditable("\"current-context\"")
        }
    }

    private static func others(_ value: JSONValue?, _ entry: KubeconfigEntry, _ list: KubeconfigEntry.List) -> [JSONValue] {
        (value?.arrayValue ?? []).filter { $0["name"]?.stringValue != entry.name }
    }

    private func index(of name: String, in list: KubeconfigEntry.List) -> Int? {
        (document.value[list.rawValue]?.arrayValue ?? []).firstIndex { $0["name"]?.stringValue == name }
    }

    private func body(of name: String, in list: KubeconfigEntry.List) -> JSONValue? {
        guard let index = index(of: name, in: list) else { return nil }
        return document.value[list.rawValue]?[index]?[list.part] ?? .null
    }

    private func notEditable(_ what: String) -> KubeconfigError {
        KubeconfigError(
            code: .notEditable,
            message: "kubeconfig \(path) writes \(what) in a way that cannot be edited without touching other text; "
                + "point KUBECONFIG at another file first, or use --no-merge")
    }
}
