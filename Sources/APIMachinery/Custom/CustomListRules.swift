import JSONCore

/// Finds repeated items in sets and map lists, and faults in embedded resources. Source: apiextensions-apiserver
/// `pkg/apiserver/schema/listtype` and `objectmeta`.
struct CustomListRules {
    private(set) var errors: [FieldError] = []
    private var path = FieldPath()

    mutating func check(_ value: JSONValue, _ schema: StructuralSchema) {
        guard schema.leadsToLists || schema.leadsToResources, errors.count < CustomValidator.limit else { return }
        switch value {
        case .object(let object):
            if schema.isEmbeddedResource { checkResource(object) }
            for member in object {
                let isDescribed = schema.property(member.key) != nil
                guard let inner = schema.member(member.key), inner.leadsToLists || inner.leadsToResources else { continue }
                path.push(isDescribed ? .field(member.key) : .key(member.key))
                check(member.value, inner)
                path.pop()
            }
        case .array(let elements):
            checkItems(elements, schema)
            guard let items = schema.items else { return }
            for (index, element) in elements.enumerated() {
                path.push(.index(index))
                check(element, items)
                path.pop()
            }
        default: break
        }
    }

    private mutating func checkItems(_ elements: [JSONValue], _ schema: StructuralSchema) {
        guard schema.listType == .set || schema.listType == .map else { return }
        var seen: Set<JSONValue> = []
        for (index, element) in elements.enumerated() {
            let identity = schema.listType == .map ? CustomValidator.keys(of: element, schema) : element
            guard !seen.insert(identity).inserted else { continue }
            path.push(.index(index))
            errors.append(.duplicate(path.text, identity))
            path.pop()
        }
    }

    private mutating func checkResource(_ object: JSONObject) {
        func at(_ name: String) -> String { path.elements.isEmpty ? name : "\(path.text).\(name)" }
        let version = object["apiVersion"]?.stringValue ?? ""
        if version.isEmpty {
            errors.append(.required(at("apiVersion"), "must not be empty"))
        } else if GroupVersion(apiVersion: version) == nil {
            errors.append(.invalid(at("apiVersion"), .string(version), "unexpected GroupVersion string: \(version)"))
        }
        let kind = object["kind"]?.stringValue ?? ""
        if kind.isEmpty {
            errors.append(.required(at("kind"), "must not be empty"))
        } else {
            for why in NameValidation.dns1035Label(kind.lowercased()) { errors.append(.invalid(at("kind"), .string(kind), why)) }
        }
        guard let metadata = object["metadata"]?.objectValue else { return }
        if let labels = metadata["labels"]?.objectValue { errors += LabelValidation.labels(labels, field: at("metadata.labels")) }
        if let annotations = metadata["annotations"]?.objectValue {
            errors += LabelValidation.annotations(annotations, field: at("metadata.annotations"))
        }
    }
}
