internal import APIMachinery
internal import JSONCore

/// Where the values of field selectors stand in objects of a kind. Most labels are paths; a missing number or boolean reads as zero.
/// Source: `pkg/apis/*/v1/conversion.go` and the SelectableFields functions of `pkg/registry`.
struct FieldLabels: Sendable {
    /// Labels that are no path, by resource.
    private static let places: [String: [String: [String]]] = [
        "/pods": ["spec.host": ["spec", "nodeName"]],
        "/events": ["source": ["source", "component"]],
        "events.k8s.io/events": ["source": ["deprecatedSource", "component"]],
        "batch/jobs": ["status.successful": ["status", "succeeded"]],
    ]
    /// What a label reads as when the first choice is empty.
    private static let fallbacks: [String: [String: [String]]] = [
        "/events": ["source": ["reportingComponent"]],
        "events.k8s.io/events": ["source": ["reportingController"]],
    ]
    /// Labels that are another spelling of a selectable one.
    private static let aliases: [String: Set<String>] = ["/pods": ["spec.host"]]

    private struct Label {
        let place: [String]
        let fallback: [String]?
        /// What an absent value reads as.
        let absent: String
    }

    private let labels: [String: Label]

    /// The labels that the requirements of a selector name. Throws BadRequest for one the kind does not have.
    init(_ fields: FieldSelector, _ descriptor: ResourceDescriptor) throws(APIStatus) {
        let row = "\(descriptor.group)/\(descriptor.plural)"
        try fields.check(supported: descriptor.selectableFields.union(Self.aliases[row] ?? []))
        var labels: [String: Label] = [:]
        for requirement in fields.requirements {
            let name = requirement.field
            let place = Self.places[row]?[name] ?? name.split(separator: ".").map(String.init)
            labels[name] = Label(
                place: place, fallback: Self.fallbacks[row]?[name], absent: Self.absent(place, descriptor.type))
        }
        self.labels = labels
    }

    /// The text of a label in an object.
    func text(_ name: String, in object: KubeObject) -> String {
        guard let label = labels[name] else { return FieldSelector.text(of: name, in: object) }
        let text = Self.text(object.value, label.place[...])
        if text.isEmpty, let fallback = label.fallback { return Self.text(object.value, fallback[...]) }
        return text.isEmpty ? label.absent : text
    }

    private static func text(_ value: JSONValue, _ place: ArraySlice<String>) -> String {
        switch value.value(at: place) {
        case .string(let text)?: text
        case .bool(let flag)?: flag ? "true" : "false"
        case .integer(let number)?: String(number)
        // Of a list of addresses the first counts.
        case .array(let items)?: items.first.flatMap { $0.stringValue ?? $0["ip"]?.stringValue } ?? ""
        default: ""
        }
    }

    private static func absent(_ place: [String], _ type: TypeSchema) -> String {
        var current: FieldType = .object(type)
        for name in place {
            guard case .object(let inner) = current, let field = inner.field(name) else { return "" }
            current = field.type
        }
        switch current {
        case .bool: return "false"
        case .int32, .int64: return "0"
        default: return ""
        }
    }
}
