import JSONCore

/// The lines of a Secret whose values are written in the other form where they stand, so that comments, order and everything beside them stay. Knows
/// `data` and `stringData` as block mappings at the document's first column; of what is written otherwise nothing is made.
struct SecretLines {
    /// A member as it is written.
    private struct Entry {
        var key = ""
        var value = JSONValue.null
        /// The comments and empty lines before it.
        var before: [String]
        var lines: [String]
        /// The comment behind it, with the spaces before that.
        var comment = ""
        var isBlockScalar = false
    }

    /// A mapping of values.
    private struct Block {
        var range: Range<Int>
        /// The comment behind its name, with the spaces before that.
        var comment: String
        var indent: Int
        var entries: [Entry]
    }

    private var lines: [String]
    private let signs: (kept: String, plain: String)

    /// A document's lines; `signs` are the comments that a conversion writes before `data` and `stringData`, and takes away.
    init(_ lines: some Sequence<String>, signs: (kept: String, plain: String)) {
        self.signs = signs
        self.lines = lines.filter { $0 != signs.kept && $0 != signs.plain }
    }

    /// The lines with the values of `new` as text; nil when that cannot be done in place.
    func decoded(_ new: JSONValue) -> [String]? {
        guard !hasMember("stringData"), let block = block("data"), let texts = new["stringData"]?.objectValue else { return nil }
        var (binary, plain): ([String], [String]) = ([], [])
        for entry in block.entries {
            if let text = texts[entry.key] { plain += written(entry, text, block.indent) } else { binary += entry.before + entry.lines }
        }
        let data = binary.isEmpty ? [] : [signs.kept, "data:\(block.comment)"] + binary
        return replacing([(block.range, data + [signs.plain, "stringData:\(binary.isEmpty ? block.comment : "")"] + plain)])
    }

    /// The lines with the values of `new` as base64; nil when that cannot be done in place.
    func encoded(_ new: JSONValue) -> [String]? {
        guard let texts = block("stringData"), let values = new["data"]?.objectValue else { return nil }
        let data = block("data")
        guard (data != nil) == hasMember("data"), data?.comment.isEmpty != false || texts.comment.isEmpty else { return nil }
        let indent = data?.indent ?? texts.indent
        var (result, rest) = ([String](), texts.entries)
        for entry in data?.entries ?? [] {
            guard let place = rest.firstIndex(where: { $0.key == entry.key }) else {
                result += entry.before + entry.lines
                continue
            }
            // The text wins; what is said about either stays.
            var both = rest.remove(at: place)
            both.before = entry.before + both.before
            guard entry.comment.isEmpty || both.comment.isEmpty, let value = values[entry.key] else { return nil }
            both.comment += entry.comment
            result += written(both, value, indent)
        }
        for entry in rest {
            guard let value = values[entry.key] else { return nil }
            result += written(entry, value, indent)
        }
        result.insert("data:\(data?.comment ?? "")\(texts.comment)", at: 0)
        guard let data else { return replacing([(texts.range, result)]) }
        let isFirst = data.range.lowerBound < texts.range.lowerBound
        return replacing([(data.range, isFirst ? result : []), (texts.range, isFirst ? [] : result)])
    }

    private func replacing(_ changes: [(Range<Int>, [String])]) -> [String] {
        var result = lines
        for (range, new) in changes.sorted(by: { $0.0.lowerBound > $1.0.lowerBound }) { result.replaceSubrange(range, with: new) }
        return result
    }

    /// A member with another value, among what was said about it.
    private func written(_ entry: Entry, _ value: JSONValue, _ indent: Int) -> [String] {
        var member = JSONObject()
        member[entry.key] = value
        var made = YAML.encode(.object(member)).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if made.last?.isEmpty == true { made.removeLast() }
        let space = String(repeating: " ", count: indent)
        made = made.map { $0.isEmpty ? $0 : space + $0 }
        if !made.isEmpty { made[0] += entry.comment }
        return entry.before + made
    }

    // MARK: - Reading

    private func hasMember(_ name: String) -> Bool { lines.contains { $0.hasPrefix("\(name):") } }

    private func block(_ name: String) -> Block? {
        let heads = lines.indices.filter { lines[$0].hasPrefix("\(name):") }
        guard heads.count == 1, let head = heads.first else { return nil }
        let comment = String(lines[head].dropFirst(name.count + 1))
        guard comment.allSatisfy({ $0 == " " }) || comment.hasPrefix(" ") && Self.isComment(comment) else { return nil }
        var block = Block(range: head..<head + 1, comment: comment.allSatisfy { $0 == " " } ? "" : comment, indent: 0, entries: [])
        var before: [String] = []
        for place in head + 1..<lines.count {
            let line = lines[place]
            let indent = line.prefix { $0 == " " }.count
            let isEmpty = indent == line.count
            if let last = block.entries.last, isEmpty || indent > block.indent, last.isBlockScalar || !isEmpty && !Self.isComment(line) {
                block.entries[block.entries.count - 1].lines += before + [line]
                before = []
            } else if isEmpty || Self.isComment(line) {
                before.append(line)
                continue
            } else if indent == 0 {
                break
            } else {
                if block.entries.isEmpty { block.indent = indent }
                guard indent == block.indent else { return nil }
                block.entries.append(Entry(before: before, lines: [line], isBlockScalar: Self.beginsBlockScalar(line)))
                before = []
            }
            block.range = head..<place + 1
        }
        for place in block.entries.indices {
            guard let read = Self.read(block.entries[place]) else { return nil }
            block.entries[place] = read
        }
        return block.entries.isEmpty ? nil : block
    }

    private static func isComment(_ line: String) -> Bool { line.drop { $0 == " " }.hasPrefix("#") }

    private static func beginsBlockScalar(_ line: String) -> Bool {
        var rest = line[...]
        if let comment = rest.firstRange(of: " #") { rest = rest[..<comment.lowerBound] }
        while let last = rest.last, " +-0123456789".contains(last) { rest.removeLast() }
        return rest.hasSuffix(": |") || rest.hasSuffix(": >")
    }

    /// More number signs than this in a line are not tried.
    private static let mostSigns = 20

    /// What an entry says, and the comment behind it; nil when it is no member of a mapping.
    private static func read(_ entry: Entry) -> Entry? {
        guard let (key, value) = member(entry.lines), var first = entry.lines.first.map(Array.init) else { return nil }
        var read = entry
        (read.key, read.value) = (key, value)
        let signs = first.indices.dropFirst().filter { first[$0] == "#" && first[$0 - 1] == " " }
        guard signs.count <= mostSigns else { return nil }
        for sign in signs {
            var start = sign
            while start > 0, first[start - 1] == " " { start -= 1 }
            guard let without = member([String(first[..<start])] + entry.lines.dropFirst()), without == (key, value) else { continue }
            read.comment = String(first[start...])
            first.removeSubrange(start...)
            break
        }
        // A comment within a value that spans lines has no place in another form.
        return entry.isBlockScalar || !entry.lines.dropFirst().contains { $0.contains(" #") } ? read : nil
    }

    private static func member(_ lines: [String]) -> (String, JSONValue)? {
        // best effort: what cannot be read is not written in place.
        let documents = try? YAML.parse(lines.joined(separator: "\n") + "\n")
        guard let documents, documents.count == 1, let members = documents[0].value.objectValue, members.count == 1 else { return nil }
        return members.first.map { ($0.key, $0.value) }
    }
}
