package import JSONCore

extension APIStatus {
    /// The `metav1.Status` object.
    package var value: JSONValue {
        var object = JSONObject()
        object.append(unchecked: "kind", value: .string("Status"))
        object.append(unchecked: "apiVersion", value: .string("v1"))
        var metadata = JSONObject()
        if let continueToken { metadata.append(unchecked: "continue", value: .string(continueToken)) }
        object.append(unchecked: "metadata", value: .object(metadata))
        object.append(unchecked: "status", value: .string(isFailure ? "Failure" : "Success"))
        if !message.isEmpty { object.append(unchecked: "message", value: .string(message)) }
        if let reason, !reason.rawValue.isEmpty { object.append(unchecked: "reason", value: .string(reason.rawValue)) }
        if let details { object.append(unchecked: "details", value: details.value) }
        if code != 0 { object.append(unchecked: "code", value: .integer(Int64(code))) }
        return .object(object)
    }

    /// Reads a `metav1.Status`; nil when the value is another kind of object.
    package init?(value: JSONValue) {
        guard case .object(let object) = value, object["kind"]?.stringValue == "Status" else { return nil }
        let details: Details? = if case .object(let d)? = object["details"] { Details(d) } else { nil }
        self.init(
            code: object["code"]?.integerValue.flatMap { Int(exactly: $0) } ?? 0,
            reason: object["reason"]?.stringValue.map(Reason.init(rawValue:)),
            message: object["message"]?.stringValue ?? "",
            details: details,
            isFailure: object["status"]?.stringValue != "Success")
        if case .object(let metadata)? = object["metadata"], let token = metadata["continue"]?.stringValue, !token.isEmpty {
            continueToken = token
        }
    }
}

extension APIStatus.Details {
    fileprivate init(_ object: JSONObject) {
        self.init(
            name: object["name"]?.stringValue ?? "",
            group: object["group"]?.stringValue ?? "",
            kind: object["kind"]?.stringValue ?? "",
            uid: object["uid"]?.stringValue ?? "",
            causes: (object["causes"]?.arrayValue ?? []).compactMap { cause in
                guard case .object(let c) = cause else { return nil }
                return APIStatus.Cause(
                    reason: c["reason"]?.stringValue ?? "", message: c["message"]?.stringValue ?? "",
                    field: c["field"]?.stringValue ?? "")
            },
            retryAfterSeconds: object["retryAfterSeconds"]?.integerValue.flatMap { Int(exactly: $0) } ?? 0)
    }

    fileprivate var value: JSONValue {
        var object = JSONObject()
        func put(_ key: String, _ text: String, _ object: inout JSONObject) {
            if !text.isEmpty { object.append(unchecked: key, value: .string(text)) }
        }
        put("name", name, &object)
        put("group", group, &object)
        put("kind", kind, &object)
        put("uid", uid, &object)
        if !causes.isEmpty {
            let list = causes.map { cause -> JSONValue in
                var entry = JSONObject()
                put("reason", cause.reason, &entry)
                put("message", cause.message, &entry)
                put("field", cause.field, &entry)
                return .object(entry)
            }
            object.append(unchecked: "causes", value: .array(list))
        }
        if retryAfterSeconds != 0 {
            object.append(unchecked: "retryAfterSeconds", value: .integer(Int64(retryAfterSeconds)))
        }
        return .object(object)
    }
}
