internal import APIMachinery
internal import JSONCore

/// Secrets: `stringData` becomes `data`; type and, once immutable, everything else stay.
struct SecretStrategy: ResourceStrategy {
    /// Source: core/v1 MaxSecretSize.
    private static let maximumSize = 1 << 20

    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) {
        if let old, (object.string("type") ?? "").isEmpty { object["type"] = old["type"] }
        if let texts = object["stringData"]?.objectValue {
            for member in texts {
                guard let text = member.value.stringValue else { continue }
                object["data", member.key] = .string(Base64.encode(Array(text.utf8)))
            }
        }
        object.value["stringData"] = nil
        if (object.string("type") ?? "").isEmpty { object["type"] = "Opaque" }
    }

    /// A token that lives in a secret is filled in when the secret is made. Source: `pkg/controller/serviceaccount/tokens_controller.go`.
    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        guard object.string("type") == ServiceAccountSecret.type, object["data", "token"] == nil, let namespace = object.namespace,
            let name = object.annotations[ServiceAccountSecret.nameAnnotation],
            let account = try context.core.lookup.get("serviceaccounts", namespace: namespace, name: name)
        else { return }
        if let uid = object.annotations[ServiceAccountSecret.uidAnnotation], uid != account.uid { return }
        object["metadata", "annotations", ServiceAccountSecret.uidAnnotation] = .string(account.uid)
        do throws(PKIError) {
            object["data", "token"] = .string(Base64.encode(Array(try context.core.tokens.issueLegacy(account, secret: object.name).utf8)))
            if let authority = try context.core.tokens.authority() { object["data", "ca.crt"] = .string(Base64.encode(Array(authority.utf8))) }
        } catch {
            throw .internalError(error.message)
        }
        object["data", "namespace"] = .string(Base64.encode(Array(namespace.utf8)))
    }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors: [FieldError] = []
        var total = 0
        for member in object["data"]?.objectValue ?? JSONObject() {
            for why in ValueValidation.configMapKey(member.key) {
                errors.append(.invalid("data[\(member.key)]", .string(member.key), why))
            }
            total += (member.value.stringValue?.utf8.count ?? 0) / 4 * 3
        }
        if total > Self.maximumSize { errors.append(.tooLong("data", maximum: Self.maximumSize)) }
        errors += required(object)
        if object.string("type") == ServiceAccountSecret.type, (object.annotations[ServiceAccountSecret.nameAnnotation] ?? "").isEmpty {
            errors.append(.required("metadata.annotations[\(ServiceAccountSecret.nameAnnotation)]"))
        }
        return errors
    }

    /// The keys a typed secret cannot do without.
    private func required(_ object: KubeObject) -> [FieldError] {
        let keys: [String] =
            switch object.string("type") {
            case "kubernetes.io/tls": ["tls.crt", "tls.key"]
            case "kubernetes.io/dockerconfigjson": [".dockerconfigjson"]
            case "kubernetes.io/dockercfg": [".dockercfg"]
            case "kubernetes.io/ssh-auth": ["ssh-privatekey"]
            default: []
            }
        if object.string("type") == "kubernetes.io/basic-auth", object["data", "username"] == nil, object["data", "password"] == nil {
            return [.required("data[username]"), .required("data[password]")]
        }
        return keys.filter { object["data", $0] == nil }.map { .required("data[\($0)]") } + configuration(object)
    }

    /// What signs in to registries has to be an object of JSON; what it says stays out of the answer.
    private func configuration(_ object: KubeObject) -> [FieldError] {
        let keys = ["kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"]
        guard let key = object.string("type").flatMap({ keys[$0] }), let text = object["data", key]?.stringValue else { return [] }
        let wrong = FieldError.invalid("data[\(key)]", "<secret contents redacted>", "must be a JSON object")
        guard let bytes = Base64.decode(text.utf8) else { return [wrong] }
        do throws(JSONError) {
            switch try JSON.parse(bytes) {
            // As Go reads null into a map: it is an empty one.
            case .object, .null: return []
            default: return [wrong]
            }
        } catch {
            return [wrong]
        }
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors = validateCreate(object, context)
        if object["type"] != old["type"] { errors.append(.immutable("type", object["type"] ?? .null)) }
        errors += Immutability.errors(object, old: old, fields: ["data"])
        return errors
    }
}

/// Secrets that hold a service account's token.
enum ServiceAccountSecret {
    static let type = "kubernetes.io/service-account-token"
    static let nameAnnotation = "kubernetes.io/service-account.name"
    static let uidAnnotation = "kubernetes.io/service-account.uid"
}

/// The `immutable` flag of Secrets and ConfigMaps.
enum Immutability {
    static func errors(_ object: KubeObject, old: KubeObject, fields: [String]) -> [FieldError] {
        guard old.bool("immutable") == true else { return [] }
        var errors: [FieldError] = []
        let why = "field is immutable when `immutable` is set"
        if object.bool("immutable") != true { errors.append(.forbidden("immutable", why)) }
        for field in fields where object.value[field] != old.value[field] { errors.append(.forbidden(field, why)) }
        return errors
    }
}
