internal import APIMachinery
internal import JSONCore

/// Source: `pkg/apis/apps/validation/validation.go`, `pkg/apis/core/validation/validation.go`.
extension KindRules {
    static let controllerRevision = KindRules(check: { object in
        var errors: [FieldError] = []
        if object["data"]?.isNull ?? true { errors.append(.required("data", "data is mandatory")) }
        if let revision = object.integer("revision"), revision < 0 {
            errors.append(.invalid("revision", .integer(revision), "must be greater than or equal to 0"))
        }
        return errors
    })

    static let statefulSet = KindRules(
        name: { NameValidation.dnsLabel($0) }, complete: { WorkloadValidation.complete(&$0) },
        check: { object in
            var errors = WorkloadValidation.selector(object)
            errors += WorkloadValidation.template(object, policies: ["Always"], kind: "StatefulSet")
            if object.string("spec", "updateStrategy", "type") == "OnDelete",
                let rolling = object["spec", "updateStrategy", "rollingUpdate"], !rolling.isNull
            {
                errors.append(.invalid("spec.updateStrategy.rollingUpdate", rolling, "only allowed for updateStrategy 'RollingUpdate'"))
            }
            let limit = object["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]
            errors += RuleChecks.amountOrPercent(limit, "spec.updateStrategy.rollingUpdate.maxUnavailable", atMostAll: true)
            if RuleChecks.isZero(limit) {
                errors.append(.invalid("spec.updateStrategy.rollingUpdate.maxUnavailable", limit ?? .null, "cannot be 0"))
            }
            for (index, claim) in object.array("spec", "volumeClaimTemplates").enumerated() {
                errors += ClaimRules.spec(claim["spec"] ?? .null, "spec.volumeClaimTemplates[\(index)].spec")
            }
            return errors
        },
        change: { object, old in
            let free = [
                "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy",
                "minReadySeconds",
            ]
            var (new, before) = (object["spec"] ?? .null, old["spec"] ?? .null)
            for field in free {
                new[field] = nil
                before[field] = nil
            }
            guard new != before else { return [] }
            return [
                .forbidden(
                    "spec",
                    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
                        + "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")
            ]
        })

    static let daemonSet = KindRules(
        complete: { object in
            WorkloadValidation.complete(&object)
            guard object.string("spec", "updateStrategy", "type") ?? "RollingUpdate" == "RollingUpdate" else { return }
            let path = ["spec", "updateStrategy", "rollingUpdate"]
            for (field, value) in [("maxUnavailable", 1), ("maxSurge", 0)] as [(String, Int64)]
            where object.value.value(at: path[...])?[field] == nil {
                object.value.setValue(.integer(value), at: (path + [field])[...])
            }
        },
        check: { object in
            var errors = WorkloadValidation.selector(object)
            errors += WorkloadValidation.template(object, policies: ["Always"], kind: "DaemonSet")
            let field = "spec.updateStrategy.rollingUpdate"
            guard object.string("spec", "updateStrategy", "type") != "OnDelete",
                let rolling = object["spec", "updateStrategy", "rollingUpdate"]
            else { return errors }
            errors += RuleChecks.amountOrPercent(rolling["maxUnavailable"], "\(field).maxUnavailable", atMostAll: true)
            errors += RuleChecks.amountOrPercent(rolling["maxSurge"], "\(field).maxSurge", atMostAll: true)
            switch (RuleChecks.isZero(rolling["maxUnavailable"]), RuleChecks.isZero(rolling["maxSurge"])) {
            case (false, false):
                errors.append(.invalid("\(field).maxSurge", rolling["maxSurge"] ?? .null, "may not be set when maxUnavailable is non-zero"))
            case (true, true): errors.append(.required("\(field).maxUnavailable", "cannot be 0 when maxSurge is 0"))
            default: break
            }
            return errors
        },
        change: { object, old in WorkloadValidation.fixed(["spec", "selector"], object, old) })

    static let replicationController = KindRules(
        complete: { object in
            WorkloadValidation.complete(&object)
            guard let labels = object["spec", "template", "metadata", "labels"], labels.objectValue?.isEmpty == false else { return }
            if object["spec", "selector"]?.objectValue?.isEmpty ?? true { object["spec", "selector"] = labels }
            if object.labels.isEmpty { object["metadata", "labels"] = labels }
        },
        check: { object in
            var errors: [FieldError] = []
            let selector = object["spec", "selector"]?.objectValue ?? JSONObject()
            if selector.isEmpty { errors.append(.required("spec.selector")) }
            guard object["spec", "template"]?.objectValue != nil else { return errors + [.required("spec.template")] }
            let labels = object["spec", "template", "metadata", "labels"]?.objectValue ?? JSONObject()
            if !selector.allSatisfy({ labels[$0.key] == $0.value }) {
                errors.append(.invalid("spec.template.metadata.labels", .object(labels), "`selector` does not match template `labels`"))
            }
            return errors + WorkloadValidation.template(object, policies: ["Always"], kind: "ReplicationController")
        })

    static let podTemplate = KindRules(
        complete: { object in
            guard var spec = object["template", "spec"] else { return }
            PodDefaults.complete(&spec, inTemplate: true)
            object["template", "spec"] = spec
        },
        check: { object in
            guard let spec = object["template", "spec"] else { return [] }
            var errors = PodValidation.spec(spec, field: "template.spec")
            if let labels = object["template", "metadata", "labels"]?.objectValue {
                errors += LabelValidation.labels(labels, field: "template.labels")
            }
            return errors
        })
}
