package import APIMachinery
import JSONCore

extension PlacementTrial {
    /// Checks what a pod chooses nodes and other pods by, as nobody did before: the pod of a trial is not stored. Throws 400 that names the field and
    /// what is wrong with its value.
    package static func checkSelectors(of pod: KubeObject) throws(APIStatus) {
        let spec = pod["spec"] ?? .null
        for member in spec["nodeSelector"]?.objectValue ?? [:] where member.value.stringValue == nil {
            throw .badRequest("spec.nodeSelector[\(member.key)]: must be a string, found \(member.value.kindName)")
        }
        let nodes = "spec.affinity.nodeAffinity"
        let required = spec["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"]
        for (index, term) in (required?.arrayValue ?? []).enumerated() {
            try check(nodeTerm: term, "\(nodes).requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[\(index)]")
        }
        let preferred = spec["affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"]
        for (index, entry) in (preferred?.arrayValue ?? []).enumerated() {
            try check(nodeTerm: entry["preference"] ?? .null, "\(nodes).preferredDuringSchedulingIgnoredDuringExecution[\(index)].preference")
        }
        for kind in ["podAffinity", "podAntiAffinity"] {
            let field = "spec.affinity.\(kind)"
            for (index, term) in (spec["affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution"]?.arrayValue ?? []).enumerated() {
                try check(podRule: term, "\(field).requiredDuringSchedulingIgnoredDuringExecution[\(index)]")
            }
            for (index, entry) in (spec["affinity", kind, "preferredDuringSchedulingIgnoredDuringExecution"]?.arrayValue ?? []).enumerated() {
                let place = "\(field).preferredDuringSchedulingIgnoredDuringExecution[\(index)].podAffinityTerm"
                try check(podRule: entry["podAffinityTerm"] ?? .null, place)
            }
        }
        for (index, constraint) in (spec["topologySpreadConstraints"]?.arrayValue ?? []).enumerated() {
            try check(podRule: constraint, "spec.topologySpreadConstraints[\(index)]")
        }
    }

    private static func check(podRule rule: JSONValue, _ field: String) throws(APIStatus) {
        for name in ["labelSelector", "namespaceSelector"] {
            do throws(APIStatus) { _ = try LabelSelector(value: rule[name] ?? .null) } catch {
                throw .badRequest("\(field).\(name): \(error.message)")
            }
        }
    }

    private static func check(nodeTerm term: JSONValue, _ field: String) throws(APIStatus) {
        for name in ["matchExpressions", "matchFields"] {
            for (index, requirement) in (term[name]?.arrayValue ?? []).enumerated() {
                let place = "\(field).\(name)[\(index)]"
                let word = requirement["operator"]?.stringValue ?? ""
                guard ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"].contains(word) else {
                    throw .badRequest("\(place).operator: \(word.goQuoted) is not a valid node selector operator")
                }
                let key = requirement["key"]?.stringValue ?? ""
                if let why = LabelValidation.keyProblems(key).first { throw .badRequest("\(place).key: \(key.goQuoted): \(why)") }
                let values = (requirement["values"]?.arrayValue ?? []).compactMap(\.stringValue)
                if ["Gt", "Lt"].contains(word), values.count != 1 || Int64(values[0]) == nil {
                    throw .badRequest("\(place).values: \(values) is not one integer, as \(word) asks for")
                }
            }
        }
    }
}
