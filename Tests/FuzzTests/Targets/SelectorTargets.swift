import APIMachinery
import JSONCore

extension FuzzTarget {
    private static let sets: [[String: String]] = [
        [:], ["a": ""], ["a": "b"], ["a": "1", "b": "a"], ["example.com/a": "x", "in": "notin"],
    ]

    static let labelSelector = FuzzTarget(
        "label-selector",
        tokens: [
            "a", "=", "==", "!=", "!", ",", " in (", " notin (", "(", ")", ">", "<", "a,b", "example.com/a", "in", "notin", " ", "é", "\\", "1", "-", ".",
        ],
        nesting: [("(", ")"), ("!", ""), ("a in (", "),")], largest: 32 << 10
    ) {
        { input, seen in
            // What is no UTF-8 does not come this far: queries are decoded before.
            guard let text = String(validating: input, as: UTF8.self) else { return }
            let selector: LabelSelector
            do throws(APIStatus) {
                selector = try LabelSelector(parsing: text)
            } catch {
                return try Refusal.check(error, &seen, codes: [400])
            }
            for requirement in selector.requirements {
                seen.note(requirement.operator.rawValue, requirement.values.count)
                seen.note("key", requirement.key.utf8.count)
            }
            // Kubernetes, too, writes a set of nothing but the empty value as `()`, and refuses to read that.
            guard !selector.requirements.contains(where: { Set($0.values) == [""] && ["in", "notin"].contains($0.operator.rawValue) }) else { return }
            let written = selector.description
            let back = Result { try LabelSelector(parsing: written) }
            try Violation.unless((try? back.get())?.description == written, "what is written reads back", "\(written): \(back)")
            for labels in sets {
                let matches = selector.matches(labels)
                try Violation.unless((try? back.get())?.matches(labels) == matches, "what reads back selects the same", written)
                let object = JSONObject(labels.map { ($0.key, .string($0.value)) })
                try Violation.unless(selector.matches(labels: object) == matches, "labels match in either form", written)
            }
        }
    }

    static let fieldSelector = FuzzTarget(
        "field-selector",
        tokens: ["metadata.name", "=", "==", "!=", ",", "\\", "\\,", "\\=", "\\\\", "spec.nodeName", "status.phase", ".", "Running", " ", "é", "!"],
        nesting: [("a=b,", ""), ("\\", "")], largest: 32 << 10
    ) {
        { input, seen in
            guard let text = String(validating: input, as: UTF8.self) else { return }
            let selector: FieldSelector
            do throws(APIStatus) {
                selector = try FieldSelector(parsing: text)
            } catch {
                return try Refusal.check(error, &seen, codes: [400], isQuoting: false)
            }
            seen.note("requirements", selector.requirements.count)
            for requirement in selector.requirements { seen.note(requirement.equals ? "equals" : "differs", requirement.value.utf8.count) }
            let back = Result { try FieldSelector(parsing: selector.description) }
            try Violation.unless((try? back.get()) == selector, "what is written reads back as itself", "\(selector): \(back)")
            let supported = Result { () throws(APIStatus) in try selector.check(supported: ["spec.nodeName"]) }
            if case .failure(let error) = supported { try Refusal.check(error, &seen, codes: [400], isQuoting: false) }
            let object = KubeObject(["metadata": ["name": "Running"], "spec": ["nodeName": 1], "status": ["phase": true]])
            _ = selector.matches(object)
        }
    }
}

/// What holds for every answer that refuses an input.
enum Refusal {
    /// `isQuoting` says whether messages have what they repeat of the input in quotes.
    static func check(_ status: APIStatus, _ seen: inout Observation, codes: Set<Int>, isQuoting: Bool = true) throws(Violation) {
        seen.note("code", status.code)
        if isQuoting { seen.note(message: status.message) } else { seen.note(String(status.message.prefix(17))) }
        try Violation.unless(codes.contains(status.code), "a refusal has one of the codes for it", "\(status.code): \(status.message)")
        try Violation.unless(!status.message.isEmpty, "a refusal says why")
    }
}
