package import JSONCore

/// The rules for labels and annotations, in Kubernetes' words.
package enum LabelValidation {
    /// The most bytes all annotations of an object may have together: 256 KiB.
    package static let annotationLimit = 256 << 10

    /// What is wrong with a label's key.
    package static func keyProblems(_ key: String) -> [String] { NameValidation.qualifiedName(key) }

    /// What is wrong with a label's value.
    package static func valueProblems(_ value: String) -> [String] {
        NameValidation.problems(value, limit: NameValidation.labelLimit, NameValidation.isLabelText(value.utf8)) {
            NameValidation.pattern(
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
                "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", ["MyValue", "my_value", "12345"])
        }
    }

    /// What is wrong with a set of labels at a field.
    package static func labels(_ labels: JSONObject, field: String) -> [FieldError] {
        var errors: [FieldError] = []
        for member in labels {
            for why in keyProblems(member.key) { errors.append(.invalid(field, .string(member.key), why)) }
            guard let text = member.value.stringValue else { continue }
            for why in valueProblems(text) { errors.append(.invalid(field, .string(text), why)) }
        }
        return errors
    }

    /// What is wrong with a set of annotations at a field: keys, and the size of all together.
    package static func annotations(_ annotations: JSONObject, field: String) -> [FieldError] {
        var errors: [FieldError] = []
        var total = 0
        for member in annotations {
            for why in keyProblems(member.key.lowercased()) { errors.append(.invalid(field, .string(member.key), why)) }
            total += member.key.utf8.count + (member.value.stringValue?.utf8.count ?? 0)
        }
        if total > annotationLimit { errors.append(.tooLong(field, maximum: annotationLimit)) }
        return errors
    }
}
