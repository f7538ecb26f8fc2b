internal import APIMachinery
internal import JSONCore

/// Events as they are stored; what is written through events.k8s.io has stricter rules. Source: `pkg/apis/core/validation/events.go`.
enum EventRules {
    /// The version of a request that is answered in the old, lenient way.
    private static let legacy = GroupVersion(group: "", version: "v1")

    private static let most = 128
    private static let mostOfMessage = 1024

    static func create(_ event: KubeObject, _ version: GroupVersion) -> [FieldError] {
        var errors = common(event, version)
        guard version != legacy else { return errors }
        errors += series(event)
        if !isSet(event["eventTime"]) { errors.append(.required("eventTime")) }
        let type = event.string("type") ?? ""
        if type != "Normal", type != "Warning" { errors.append(.invalid("type", "", "has invalid value: \(type)")) }
        for field in ["firstTimestamp", "lastTimestamp"] where isSet(event[field]) {
            errors.append(.invalid(field, "", "needs to be unset"))
        }
        if event.integer("count") ?? 0 != 0 { errors.append(.invalid("count", "", "needs to be unset")) }
        if isSet(event["source", "component"]) || isSet(event["source", "host"]) {
            errors.append(.invalid("source", "", "needs to be unset"))
        }
        return errors
    }

    static func update(_ event: KubeObject, old: KubeObject, _ version: GroupVersion) -> [FieldError] {
        var errors = common(event, version)
        guard version != legacy else { return errors }
        if event["series"] != old["series"] { errors += series(event) }
        let fixed = [
            ("involvedObject", "involvedObject"), ("reason", "reason"), ("message", "message"), ("source", "source"),
            ("firstTimestamp", "firstTimestamp"), ("lastTimestamp", "lastTimestamp"), ("count", "count"), ("type", "type"),
            ("eventTime", "eventTime"), ("action", "action"), ("related", "related"), ("reportingComponent", "reportingController"),
            ("reportingInstance", "reportingInstance"),
        ]
        for (field, name) in fixed where value(event[field]) != value(old[field]) {
            errors.append(.immutable(name, event[field] ?? .null))
        }
        return errors
    }

    /// What holds for every event: old ones have no `eventTime`.
    private static func common(_ event: KubeObject, _ version: GroupVersion) -> [FieldError] {
        let namespace = event.namespace ?? ""
        let about = event.string("involvedObject", "namespace") ?? ""
        let elsewhere = FieldError.invalid("involvedObject.namespace", .string(about), "does not match event.namespace")
        guard isSet(event["eventTime"]) else {
            return namespace == about || (about.isEmpty && namespace == "default") ? [] : [elsewhere]
        }
        var errors: [FieldError] = []
        if about.isEmpty, namespace != "default", namespace != "kube-system" { errors.append(elsewhere) }
        let controller = event.string("reportingComponent") ?? ""
        let name = version == legacy ? "reportingComponent" : "reportingController"
        if controller.isEmpty { errors.append(.required(name)) }
        for why in NameValidation.qualifiedName(controller) { errors.append(.invalid(name, .string(controller), why)) }
        for field in ["reportingInstance", "action", "reason"] {
            let text = event.string(field) ?? ""
            if text.isEmpty { errors.append(.required(field)) }
            if text.utf8.count > most { errors.append(.invalid(field, "", "can have at most \(most) characters")) }
        }
        if (event.string("message") ?? "").utf8.count > mostOfMessage {
            errors.append(.invalid("message", "", "can have at most \(mostOfMessage) characters"))
        }
        return errors
    }

    private static func series(_ event: KubeObject) -> [FieldError] {
        guard let series = event["series"], !series.isNull else { return [] }
        var errors: [FieldError] = []
        if series["count"]?.integerValue ?? 0 < 2 { errors.append(.invalid("series.count", "", "should be at least 2")) }
        if !isSet(series["lastObservedTime"]) { errors.append(.required("series.lastObservedTime")) }
        return errors
    }

    private static func isSet(_ value: JSONValue?) -> Bool { self.value(value) != nil }

    /// Absent, null, empty and zero are one.
    private static func value(_ value: JSONValue?) -> JSONValue? {
        guard let value, !value.isNull, value != "", value != 0, value.objectValue?.isEmpty != true else { return nil }
        return value
    }
}
