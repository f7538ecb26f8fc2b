import APIMachinery
import JSONCore

/// Secrets with their values as text. What the API calls `stringData` holds them, as in anybody's manifest; what is no text stays base64 in `data`.
enum SecretForm {
    /// What a conversion came to.
    enum Conversion: Sendable, Hashable {
        /// The text in the other form, and whether comments of a Secret are not in it any more.
        case text(String, isDecoded: Bool, losesComments: Bool)
        /// It holds no Secret with values, or none that is text.
        case nothing(String)
        /// It cannot be read; why.
        case failed(String)
    }

    private static let kept = "# not text: these stay base64"
    private static let plain = "# as text: apply makes base64 of them"

    /// Whether a text says values of Secrets as text.
    static func isDecoded(_ text: String) -> Bool { text.hasPrefix("stringData:") || text.contains("\nstringData:") }

    /// A Secret as the server keeps it: its `stringData` within its `data`, where it wins. Anything else as it is.
    static func encoded(_ value: JSONValue) -> JSONValue {
        guard isSecret(value), case .object(var members) = value, case .object(let texts)? = members["stringData"] else { return value }
        guard texts.allSatisfy({ $0.value.stringValue != nil }) else { return value }
        var data = JSONObject()
        if let existing = members["data"], !existing.isNull {
            guard case .object(let object) = existing else { return value }
            data = object
        }
        for member in texts { data[member.key] = .string(Base64.encode(Array((member.value.stringValue ?? "").utf8))) }
        members.removeValue(forKey: "stringData")
        if !data.isEmpty { members["data"] = .object(data) }
        return .object(members)
    }

    /// A Secret with those of its values that are text as text. Anything else as it is.
    static func decoded(_ value: JSONValue) -> JSONValue {
        guard isSecret(value), case .object(let members) = encoded(value), case .object(let data)? = members["data"] else { return value }
        var (binary, texts) = (JSONObject(), JSONObject())
        for member in data {
            if let text = text(member.value) { texts[member.key] = .string(text) } else { binary[member.key] = member.value }
        }
        var result = JSONObject()
        for member in members {
            guard member.key == "data" else {
                result.append(unchecked: member.key, value: member.value)
                continue
            }
            if !binary.isEmpty { result.append(unchecked: "data", value: .object(binary)) }
            if !texts.isEmpty { result.append(unchecked: "stringData", value: .object(texts)) }
        }
        return .object(result)
    }

    /// What base64 stands for; nil when it is no text, or is written in a way that would not come back.
    private static func text(_ value: JSONValue) -> String? {
        guard let written = value.stringValue, let bytes = Base64.decode(written), Base64.encode(bytes) == written else { return nil }
        return ObjectDescription.plain(bytes)
    }

    /// A value to be compared with a text: in the text's form.
    static func value(_ value: JSONValue, like text: String) -> JSONValue { isDecoded(text) ? decoded(value) : value }

    /// The text with its Secrets in the other form: as base64 when any of them has values as text, otherwise as text.
    static func converted(_ text: String) -> Conversion {
        let manifest = Manifest(text)
        if let marker = ConflictMarkers.first(in: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)) {
            return .failed("line \(marker + 1): \(ConflictMarkers.advice)")
        }
        let secrets = manifest.documents.filter { isSecret($0.yaml.value) }
        guard !secrets.isEmpty else {
            let first = manifest.documents.isEmpty ? manifest.diagnostics.first : nil
            return first.map { .failed("line \($0.line + 1): \($0.message)") } ?? .nothing("there is no Secret in this text")
        }
        let toText = !secrets.contains { $0.yaml.value["stringData"]?.objectValue?.isEmpty == false }
        // In place where that says the same, otherwise written anew.
        for isInPlace in [true, false] {
            guard let (result, isRewritten) = converted(text, secrets, toText: toText, isInPlace: isInPlace) else {
                return .nothing("the Secret has no values that are text")
            }
            if says(result, like: text) { return .text(result, isDecoded: toText, losesComments: isRewritten && hasComments(text)) }
        }
        return .failed("its values cannot be written as text without a change")
    }

    /// The text with some of its documents in the other form, and whether any of them was written anew; nil when none changes.
    private static func converted(
        _ text: String, _ secrets: [Manifest.Document], toText: Bool, isInPlace: Bool
    ) -> (text: String, isRewritten: Bool)? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var (isChanged, isRewritten) = (false, false)
        for document in secrets.reversed() {
            let new = toText ? decoded(document.yaml.value) : encoded(document.yaml.value)
            guard new != document.yaml.value else { continue }
            isChanged = true
            var range = document.yaml.range.clamped(to: 0..<lines.count)
            if let first = range.first, lines[first].hasPrefix("---") { range = first + 1..<range.upperBound }
            while let last = range.last, lines[last].allSatisfy({ $0 == " " }) { range = range.lowerBound..<last }
            let old = SecretLines(lines[range], signs: (kept, plain))
            let edited = isInPlace ? toText ? old.decoded(new) : old.encoded(new) : nil
            if edited == nil { isRewritten = true }
            var fresh = edited ?? written(new)
            // The empty line at the end of a block that ends in some is its last only where another line follows.
            if range.upperBound == lines.count, fresh.last?.isEmpty == true { fresh.append("") }
            lines.replaceSubrange(range, with: fresh)
        }
        return isChanged ? (lines.joined(separator: "\n"), isRewritten) : nil
    }

    /// How many lines are looked at for a comment.
    static let mostCandidates = 50

    /// Whether a Secret of a text has comments, which one that is written anew drops; not those that it writes itself. True as well where more lines may have one
    /// than are looked at.
    static func hasComments(_ text: String) -> Bool {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let ranges = Manifest(text).documents.filter { isSecret($0.yaml.value) }.map { $0.yaml.range.clamped(to: 0..<lines.count) }
        let candidates = ranges.joined().filter { lines[$0].contains("#") && lines[$0] != kept && lines[$0] != plain }
        // What stands after a # may as well be a part of a value: without it the text would say something else.
        guard candidates.count <= mostCandidates else { return true }
        guard !candidates.isEmpty, let meant = meaning(text) else { return false }
        return candidates.contains { place in
            var rest = lines
            guard let start = rest[place].lastIndex(of: "#") else { return false }
            rest[place].removeSubrange(start...)
            return meaning(rest.joined(separator: "\n")) == meant
        }
    }

    /// The lines of a document, with a word on what is what.
    private static func written(_ value: JSONValue) -> [String] {
        var lines = YAML.encode(value).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard let place = lines.firstIndex(where: { $0.hasPrefix("stringData:") }) else { return lines }
        lines.insert(plain, at: place)
        if let data = lines.firstIndex(where: { $0.hasPrefix("data:") }) { lines.insert(kept, at: data) }
        return lines
    }

    /// Whether two texts say the same.
    private static func says(_ text: String, like other: String) -> Bool {
        guard let meant = meaning(other) else { return false }
        return meaning(text) == meant
    }

    /// What a text says, whichever form its Secrets have; nil when it cannot be read.
    private static func meaning(_ text: String) -> [JSONValue]? {
        // best effort: who asks only compares.
        try? EditForm.parse(text).map(\.value).map(encoded)
    }

    private static func isSecret(_ value: JSONValue) -> Bool { value["kind"]?.stringValue == "Secret" && value["apiVersion"]?.stringValue == "v1" }
}
