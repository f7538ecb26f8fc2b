import JSONCore

/// Labels and selectors as kubectl writes them in wide columns.
enum SelectorText {
    /// `a=b,c=d` in order of keys; `<none>` when empty.
    static func labels(_ labels: [String: String]) -> String {
        labels.isEmpty ? "<none>" : labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// A LabelSelector: `a=b,c in (d,e),!f`; `<none>` when empty.
    static func selector(_ selector: JSONValue?) -> String {
        var terms: [(key: String, text: String)] = (selector?["matchLabels"]?.objectValue ?? JSONObject()).map {
            ($0.key, "\($0.key)=\($0.value.stringValue ?? "")")
        }
        for requirement in selector?["matchExpressions"]?.arrayValue ?? [] {
            let key = requirement["key"]?.stringValue ?? ""
            let values = (requirement["values"]?.arrayValue ?? []).compactMap(\.stringValue).sorted().joined(separator: ",")
            switch requirement["operator"]?.stringValue {
            case "In": terms.append((key, "\(key) in (\(values))"))
            case "NotIn": terms.append((key, "\(key) notin (\(values))"))
            case "DoesNotExist": terms.append((key, "!\(key)"))
            default: terms.append((key, key))
            }
        }
        return terms.isEmpty ? "<none>" : terms.sorted { $0.key < $1.key }.map(\.text).joined(separator: ",")
    }
}
