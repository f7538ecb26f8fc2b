package import APIMachinery
package import JSONCore

/// `jumps.yaml`: what Enter on an object of a kind leads to. Format: k9s.
package struct JumpSettings: Sendable, Hashable {
    /// Where Enter on an object of one kind leads.
    package struct Jump: Sendable, Hashable {
        /// The kind it is for: `apps/v1/deployments`, `v1/pods`.
        package var source: String
        /// The kind it leads to.
        package var target: String
        /// The label selector of what is shown there; a template.
        package var labels = ""
        /// The field selector of what is shown there; a template.
        package var fields = ""
        /// Where: empty for the object's own namespace, `all`, or a name; a template.
        package var namespace = ""

        /// Whether it is for objects of a kind.
        package func isFor(_ resource: GroupVersionResource) -> Bool { Self.isMeant(source, resource) }
        /// Whether it leads to a kind.
        package func leads(to resource: GroupVersionResource) -> Bool { Self.isMeant(target, resource) }

        /// `GROUP/VERSION/RESOURCE`, and `VERSION/RESOURCE` in the group without a name.
        private static func isMeant(_ text: String, _ resource: GroupVersionResource) -> Bool {
            text == "\(resource.groupVersion)/\(resource.resource)"
        }
    }

    /// The jumps, in their order.
    package var jumps: [Jump] = []

    /// No jumps.
    package init() {}

    mutating func read(_ root: SettingsNode) {
        for (_, node) in root.members(known: ["jumps"]) {
            for (source, value) in node.members() {
                var jump = Jump(source: source, target: "")
                for (key, field) in value.members(known: ["targetGVR", "labelSelector", "fieldSelector", "targetNamespace"]) {
                    guard let text = field.text() else { continue }
                    switch key {
                    case "targetGVR": jump.target = text
                    case "labelSelector": jump.labels = text
                    case "fieldSelector": jump.fields = text
                    default: jump.namespace = text
                    }
                }
                guard (2...3).contains(source.split(separator: "/").count) else {
                    value.report("a kind is written GROUP/VERSION/RESOURCE: apps/v1/deployments, v1/pods")
                    continue
                }
                guard !jump.target.isEmpty else {
                    value.report("targetGVR is missing: the kind to go to, for example v1/pods")
                    continue
                }
                guard !jump.labels.isEmpty || !jump.fields.isEmpty else {
                    value.report("labelSelector or fieldSelector is missing: which objects to show there")
                    continue
                }
                jumps.append(jump)
            }
        }
    }
}

/// A text with places that an object fills: `{{.metadata.name}}`, `{{index .metadata.labels "app"}}`.
package enum ObjectTemplate {
    /// The text with every place filled. Throws BadRequest for a place that cannot be read, or that the object has nothing for.
    package static func fill(_ text: String, from object: JSONValue) throws(APIStatus) -> String {
        var filled = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "{{") {
            filled += rest[..<open.lowerBound]
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
                throw .badRequest("\(text): a place begins with {{ and does not end with }}")
            }
            filled += try value(rest[open.upperBound..<close.lowerBound], object, text)
            rest = rest[close.upperBound...]
        }
        return filled + rest
    }

    private static func value(_ place: Substring, _ object: JSONValue, _ text: String) throws(APIStatus) -> String {
        var words = place.split(separator: " ").map(String.init)
        let isIndex = words.first == "index"
        if isIndex { words.removeFirst() }
        guard let path = words.first, path.hasPrefix("."), isIndex || words.count == 1 else {
            throw .badRequest("{{\(place)}} is not understood: write {{.metadata.name}} or {{index .metadata.labels \"app\"}}")
        }
        let keys = path.split(separator: ".").map(String.init) + words.dropFirst().map { $0.filter { $0 != "\"" && $0 != "`" } }
        guard let found = object.value(at: keys[...]) else { throw .badRequest("the object has no \(keys.joined(separator: ".")), which \(text) needs") }
        switch found {
        case .string(let string): return string
        case .integer(let number): return String(number)
        case .bool(let flag): return String(flag)
        default: throw .badRequest("\(keys.joined(separator: ".")) is no single value, which \(text) needs")
        }
    }
}
