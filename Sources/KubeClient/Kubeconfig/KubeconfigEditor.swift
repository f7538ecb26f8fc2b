import JSONCore

/// The single edits of a kubeconfig's text, by the places its parts stand at.
struct KubeconfigEditor {
    private let document: YAMLDocument
    private let bytes: [UInt8]
    private var edits: TextEdits
    private var appended: [String] = []
    private var prepended = ""
    private(set) var hasEdits = false

    init(bytes: [UInt8], document: YAMLDocument) {
        self.bytes = bytes
        self.document = document
        edits = TextEdits(bytes)
    }

    func applied() -> [UInt8] { edits.applied() }

    /// Adds an entry at the head of a list, in the style the list is written in.
    mutating func add(_ list: KubeconfigEntry.List, name: String, body: JSONValue) {
        hasEdits = true
        // Keys in the order kubectl writes them: sorted.
        let item: JSONValue = list.part < "name" ? [list.part: body, "name": .string(name)] : ["name": .string(name), list.part: body]
        let pointer = JSONPointer([list.rawValue])
        guard let key = document.keyMark(of: pointer), let value = document.mark(of: pointer) else {
            if isFlow {
                prepended += "\"\(list.rawValue)\" : [\(Self.flow(item))], "
            } else {
                appended.append("\(list.rawValue): \(KubeconfigText.addedMark)")
                appended += Self.lines(item, indentation: 0)
            }
            return
        }
        if byte(value) == UInt8(ascii: "[") {
            let isEmpty = document.value[list.rawValue]?.arrayValue?.isEmpty ?? true
            edits.replace(value.offset + 1..<value.offset + 1, by: "\(Self.flow(item))\(isEmpty ? "" : ", ")".utf8)
        } else if document.value[list.rawValue]?.isNull == true {
            let written = writtenScalar(at: value)
            if isFlow {
                edits.replace(value.offset..<value.offset + written.count, by: "[\(Self.flow(item))]".utf8)
            } else {
                if !written.isEmpty {
                    edits.replace(value.offset..<value.offset, by: KubeconfigText.replacedMark.utf8)
                }
                edits.insert(lines: Self.lines(item, indentation: key.column), before: key.line + 1)
            }
        } else {
            edits.insert(lines: Self.lines(item, indentation: value.column), before: key.line + 1)
        }
    }

    /// Names the current context where none is named.
    mutating func setCurrentContext(_ name: String) {
        hasEdits = true
        let quoted = YAML.encode(.string(name)).dropLast()
        guard let value = document.mark(of: JSONPointer(["current-context"])) else {
            if isFlow {
                prepended += "\"current-context\" : \(JSONValue.string(name)), "
            } else {
                appended.append("current-context: \(quoted) \(KubeconfigText.addedMark)")
            }
            return
        }
        let written = writtenScalar(at: value)
        let text =
            if isFlow {
                JSONValue.string(name).description
            } else if written.isEmpty {
                // The blank is needed where the colon ends the line, and does no harm elsewhere.
                " \(quoted) \(KubeconfigText.replacedMark)\(KubeconfigText.nothing)"
            } else {
                "\(quoted) \(KubeconfigText.replacedMark)\(written)"
            }
        edits.replace(value.offset..<value.offset + written.utf8.count, by: text.utf8)
    }

    /// Puts what was gathered for the document's start and end in place.
    mutating func finish() {
        if !prepended.isEmpty, let root = document.mark(of: .root) {
            edits.replace(root.offset + 1..<root.offset + 1, by: prepended.utf8)
        }
        if document.value.isNull, !appended.isEmpty {
            appended.insert(contentsOf: ["apiVersion: v1 \(KubeconfigText.addedMark)", "kind: Config \(KubeconfigText.addedMark)"], at: 0)
        }
        edits.insert(lines: appended, before: Int.max)
    }

    /// Takes an entry out of a list and undoes what adding it did to the list. Returns whether its text could be told apart.
    mutating func remove(_ list: KubeconfigEntry.List, index: Int) -> Bool {
        hasEdits = true
        let pointer = JSONPointer([list.rawValue])
        guard let key = document.keyMark(of: pointer), let value = document.mark(of: pointer),
            let item = document.mark(of: pointer.appending(index)), let last = document.lastMark(of: pointer.appending(index))
        else { return false }
        let isLast = document.value[list.rawValue]?.arrayValue?.count == 1
        if byte(value) == UInt8(ascii: "[") {
            return removeFlow(list, key, value, item, isLast: isLast)
        }
        edits.remove(lines: item.line..<last.line + 1)
        guard isLast else { return true }
        let keyLine = String(decoding: edits.line(key.line), as: UTF8.self)
        if keyLine.hasSuffix(KubeconfigText.addedMark) {
            edits.remove(lines: key.line..<key.line + 1)
        } else if let mark = Self.range(of: KubeconfigText.replacedMark, in: bytes, from: key.offset, to: edits.start(key.line + 1)) {
            edits.replace(mark, by: [])
        }
        return true
    }

    /// Undoes ``setCurrentContext(_:)``; a context set by others is emptied.
    mutating func clearCurrentContext() -> Bool {
        hasEdits = true
        let pointer = JSONPointer(["current-context"])
        guard let key = document.keyMark(of: pointer), let value = document.mark(of: pointer),
            let text = document.value["current-context"]?.stringValue
        else { return false }
        if isFlow {
            let written = JSONValue.string(text).description
            guard bytes[value.offset...].starts(with: written.utf8) else { return false }
            let end = value.offset + written.utf8.count
            let isAdded = bytes[..<value.offset].suffix(3).elementsEqual(" : ".utf8)
            edits.replace(isAdded ? key.offset..<endOfMember(end) : value.offset..<end, by: isAdded ? [] : Array("\"\"".utf8))
            return true
        }
        let lineEnd = edits.start(key.line) + edits.line(key.line).count
        let line = String(decoding: edits.line(key.line), as: UTF8.self)
        if line.hasSuffix(KubeconfigText.addedMark) {
            edits.remove(lines: key.line..<key.line + 1)
        } else if let mark = Self.range(of: " \(KubeconfigText.replacedMark)", in: bytes, from: value.offset, to: lineEnd) {
            if bytes[mark.upperBound...].starts(with: KubeconfigText.nothing.utf8) {
                // A bare key got a blank of ours before the name.
                edits.replace(value.offset - 1..<mark.upperBound + KubeconfigText.nothing.utf8.count, by: [])
            } else {
                edits.replace(value.offset..<mark.upperBound, by: [])
            }
        } else {
            let written = YAML.encode(.string(text)).dropLast()
            let quoted = JSONValue.string(text).description
            guard let form = [String(written), quoted, "'\(text)'"].first(where: { bytes[value.offset...].starts(with: $0.utf8) }) else {
                return false
            }
            edits.replace(value.offset..<value.offset + form.utf8.count, by: "\"\"".utf8)
        }
        return true
    }

    /// Takes out the header lines of a document that had nothing, when nothing but them would stay.
    mutating func removeHeaderIfAlone(_ lists: [KubeconfigEntry.List]) {
        let own = Set(lists.map(\.rawValue) + ["apiVersion", "kind", "current-context"])
        guard let members = document.value.objectValue, members.allSatisfy({ own.contains($0.key) }) else { return }
        guard lists.allSatisfy({ document.value[$0.rawValue]?.arrayValue?.count ?? 0 <= 1 }) else { return }
        for key in ["apiVersion", "kind"] {
            guard let mark = document.keyMark(of: JSONPointer([key])) else { continue }
            if String(decoding: edits.line(mark.line), as: UTF8.self).hasSuffix(KubeconfigText.addedMark) {
                edits.remove(lines: mark.line..<mark.line + 1)
            }
        }
    }

    private mutating func removeFlow(
        _ list: KubeconfigEntry.List, _ key: YAMLMark, _ value: YAMLMark, _ item: YAMLMark, isLast: Bool
    ) -> Bool {
        guard byte(item) == UInt8(ascii: "{"), let end = endOfBraces(item.offset) else { return false }
        if isLast, bytes[..<value.offset].suffix(3).elementsEqual(" : ".utf8), bytes[end...].first == UInt8(ascii: "]") {
            edits.replace(key.offset..<endOfMember(end + 1), by: [])
        } else {
            let follower = endOfMember(end)
            let isAfterAnother = !isLast && follower == end && bytes[..<item.offset].suffix(2).elementsEqual(", ".utf8)
            edits.replace((isAfterAnother ? item.offset - 2 : item.offset)..<(isLast ? end : follower), by: [])
        }
        return true
    }

    private var isFlow: Bool {
        document.mark(of: .root).flatMap(byte) == UInt8(ascii: "{")
    }

    private func byte(_ mark: YAMLMark) -> UInt8? {
        mark.offset < bytes.count ? bytes[mark.offset] : nil
    }

    /// The text of an empty value as it is written: `null`, `~`, `""`, or nothing.
    private func writtenScalar(at mark: YAMLMark) -> String {
        ["null", "Null", "NULL", "~", "\"\"", "''"].first { bytes[mark.offset...].starts(with: $0.utf8) } ?? ""
    }

    /// Behind the comma and the blank that follow a flow member.
    private func endOfMember(_ end: Int) -> Int {
        bytes[end...].starts(with: ", ".utf8) ? end + 2 : end
    }

    /// Behind the brace that closes the one at `start`, double-quoted text skipped.
    private func endOfBraces(_ start: Int) -> Int? {
        var depth = 0
        var isQuoted = false
        var position = start
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\\") where isQuoted: position += 1
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "{") where !isQuoted: depth += 1
            case UInt8(ascii: "}") where !isQuoted:
                depth -= 1
                if depth == 0 { return position + 1 }
            default: break
            }
            position += 1
        }
        return nil
    }

    private static func range(of text: String, in bytes: [UInt8], from start: Int, to end: Int) -> Range<Int>? {
        let pattern = Array(text.utf8)
        guard end - start >= pattern.count else { return nil }
        for place in start...(end - pattern.count) where bytes[place...].starts(with: pattern) { return place..<place + pattern.count }
        return nil
    }

    private static func lines(_ item: JSONValue, indentation: Int) -> [String] {
        YAML.encode([item]).split(separator: "\n").map { "\(String(repeating: " ", count: indentation))\($0)" }
    }

    private static func flow(_ item: JSONValue) -> String {
        switch item {
        case .object(let members):
            "{\(members.map { "\(JSONValue.string($0.key)): \(flow($0.value))" }.joined(separator: ", "))}"
        default: item.description
        }
    }
}
