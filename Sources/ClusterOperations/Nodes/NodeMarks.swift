package import APIMachinery
package import JSONCore
package import KubeClient

/// What keeps pods from a node.
package enum NodeMarks {
    /// Keeps new pods away, or lets them come again. Throws BadRequest when nothing would change.
    package static func setCordoned(_ target: ObjectTarget, _ isCordoned: Bool, _ client: KubeClient) async throws(APIStatus) -> String {
        let node = try await target.read(client)
        guard (node.bool("spec", "unschedulable") ?? false) != isCordoned else {
            throw .badRequest("\(target.text) is \(isCordoned ? "cordoned already" : "not cordoned")")
        }
        try await Rollouts.patch(target, ["spec": ["unschedulable": isCordoned ? true : .null]], client)
        return "\(target.text) is \(isCordoned ? "cordoned: new pods stay away" : "open to new pods again")"
    }

    /// A taint as people write it: `key=value:Effect`.
    package struct Taint: Sendable, Hashable {
        /// Its key.
        package var key: String
        /// Its value; empty for none.
        package var value: String
        /// What it does: NoSchedule, PreferNoSchedule or NoExecute.
        package var effect: String

        /// Reads `key=value:Effect` or `key:Effect`. Throws BadRequest that says what is missing.
        package init(parsing text: String) throws(APIStatus) {
            guard let colon = text.lastIndex(of: ":") else { throw .badRequest("\"\(text)\" has no effect: write key=value:NoSchedule") }
            let parts = text[..<colon].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            key = parts[0]
            value = parts.count > 1 ? parts[1] : ""
            effect = String(text[text.index(after: colon)...])
            guard !key.isEmpty else { throw .badRequest("\"\(text)\" has no key: write key=value:NoSchedule") }
            guard ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(effect) else {
                throw .badRequest("\"\(effect)\" is no effect: write NoSchedule, PreferNoSchedule or NoExecute")
            }
        }

        /// A taint of a node.
        package init(_ value: JSONValue) {
            key = value["key"]?.stringValue ?? ""
            self.value = value["value"]?.stringValue ?? ""
            effect = value["effect"]?.stringValue ?? ""
        }

        /// `key=value:Effect`.
        package var text: String { "\(key)\(value.isEmpty ? "" : "=\(value)"):\(effect)" }
    }

    /// The taints of a node.
    package static func taints(_ node: KubeObject) -> [Taint] { node.array("spec", "taints").map { Taint($0) } }

    /// Puts a taint on a node in place of `old` (nil: beside the others), or takes `old` away (`new` nil).
    package static func setTaint(_ target: ObjectTarget, _ old: Taint?, _ new: Taint?, _ client: KubeClient) async throws(APIStatus) -> String {
        try await Retry.onConflict { () throws(APIStatus) in
            var node = try await target.read(client)
            var taints = node.array("spec", "taints")
            if let old {
                guard taints.contains(where: { Taint($0) == old }) else { throw .badRequest("\(target.text) has no taint \(old.text) any more") }
                taints.removeAll { Taint($0) == old }
            }
            if let new {
                taints.removeAll { Taint($0).key == new.key && Taint($0).effect == new.effect }
                var value: JSONValue = ["key": .string(new.key), "effect": .string(new.effect)]
                if !new.value.isEmpty { value["value"] = .string(new.value) }
                taints.append(value)
            }
            node["spec", "taints"] = taints.isEmpty ? nil : .array(taints)
            _ = try await client.update(target.resource, node)
        }
        return "\(target.text): \(old.map { "without \($0.text)" } ?? "")\(old != nil && new != nil ? ", " : "")\(new.map { "with \($0.text)" } ?? "")"
    }
}
