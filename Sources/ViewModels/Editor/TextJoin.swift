import APIMachinery
import JSONCore

/// Brings what the cluster has into a written text, and leaves its comments and its spelling alone where that can be done.
enum TextJoin {
    /// One document: what the text says, and what it is to say.
    struct Change: Sendable {
        let said: JSONValue
        let wanted: JSONValue
    }

    /// The text that says what is wanted, one change for each document; nil when it does so already.
    static func joined(_ text: String, _ changes: [Change]) -> String? {
        guard changes.contains(where: { $0.said != $0.wanted }) else { return nil }
        let wanted = lines(changes.map(\.wanted), like: text)
        let mine = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let kept = carried(from: lines(changes.map(\.said), like: text), to: wanted, into: mine)
        return says(kept, changes.map(\.wanted)) ? kept : wanted.joined(separator: "\n")
    }

    /// `changed`, but of fields that the text does not name only those inside lists: what somebody left to the server stays left to it.
    static func limited(_ changed: JSONValue, to said: JSONValue) -> JSONValue {
        switch (changed, said) {
        case (.object(let changed), .object(let said)):
            var result = JSONObject()
            for member in said {
                if let value = changed[member.key] { result.append(unchecked: member.key, value: limited(value, to: member.value)) }
            }
            return .object(result)
        case (.array(let changed), .array(let said)) where changed.count == said.count:
            return .array(zip(changed, said).map { limited($0, to: $1) })
        default: return changed
        }
    }

    private static func lines(_ values: [JSONValue], like text: String) -> [String] {
        EditForm.joined(values.map { EditForm.text(KubeObject($0), like: text) }).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    /// Does to `mine` line by line what makes `new` of `old`.
    private static func carried(from old: [String], to new: [String], into mine: [String]) -> String {
        var gone: Set<Int> = []
        var added: [Int: [String]] = [:]
        var place = 0
        for step in UnifiedDiff.steps(old, new) {
            switch step {
            case .keep(let line): place = line + 1
            case .remove(let line):
                gone.insert(line)
                place = line + 1
            case .add(let line): added[place, default: []].append(new[line])
            }
        }
        var result: [String] = []
        var next = 0
        for step in UnifiedDiff.steps(old, mine) {
            switch step {
            case .keep(let line):
                result += added[line] ?? []
                if !gone.contains(line) { result.append(old[line]) }
                next = line + 1
            case .remove(let line):
                result += added[line] ?? []
                next = line + 1
            case .add(let line): result.append(mine[line])
            }
        }
        return (result + (added[next] ?? [])).joined(separator: "\n")
    }

    /// What cannot be read does not say it.
    private static func says(_ text: String, _ wanted: [JSONValue]) -> Bool {
        do throws(YAMLError) {
            let documents = try EditForm.parse(text).map(\.value).filter { !$0.isNull }
            return documents.count == wanted.count && zip(documents, wanted).allSatisfy { EditForm.value(KubeObject($0)) == $1 }
        } catch {
            return false
        }
    }
}
