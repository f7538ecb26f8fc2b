import APIMachinery
import JSONCore

/// How one would send a request with kubectl.
package struct KubectlForm: Sendable, Hashable {
    /// The command line, ready for a shell.
    package let command: String
    /// What kubectl cannot say, and what has to be filled in; empty when the command does exactly the same.
    package let notes: [String]

    /// The form of a request.
    package init(_ request: SentRequest) {
        var writer = KubectlWriter(request)
        command = writer.write()
        notes = writer.notes
    }
}

private struct KubectlWriter {
    private let request: SentRequest
    private let body: JSONValue
    private let target: ResourceTarget?
    private(set) var notes: [String] = []

    init(_ request: SentRequest) {
        self.request = request
        body = request.body
        target = request.target
        if request.hidesValues { notes.append("values of Secrets are hidden: replace \(SecretValues.mask) before you run it") }
        if request.lacksBody { notes.append("the body of \(request.bodySize) bytes was not kept: put it in place of BODY") }
    }

    mutating func write() -> String {
        guard let target else { return raw(verb) }
        if request.isSession { return session(target) ?? raw("get") }
        switch request.method {
        case .get, .head, .options: return read(target)
        case .delete: return delete(target)
        case .post where target.name == nil && request.queryValue("kdashRestore") != nil: return raw(verb)
        case .post where target.name == nil: return stdin(["create"] + namespace(target) + flags + ["-f", "-"])
        case .put: return replace(target)
        case .patch: return patch(target)
        default: return raw(verb)
        }
    }

    // MARK: - Verbs

    private func read(_ target: ResourceTarget) -> String {
        guard target.subresource == nil, request.queryValue("watch") == nil else { return raw("get") }
        var words = ["get", target.kind] + (target.name.map { [$0] } ?? [])
        words += target.name == nil && target.namespace == nil ? ["--all-namespaces"] : namespace(target)
        if let labels = request.queryValue("labelSelector") { words += ["--selector", labels] }
        if let fields = request.queryValue("fieldSelector") { words += ["--field-selector", fields] }
        return kubectl(words + ["--output", "yaml"])
    }

    private mutating func delete(_ target: ResourceTarget) -> String {
        guard target.subresource == nil else { return raw("delete") }
        var words = ["delete", target.kind]
        if let name = target.name {
            words.append(name)
        } else if let labels = request.queryValue("labelSelector") {
            words += ["--selector", labels]
        } else {
            words.append("--all")
        }
        words += namespace(target)
        if let fields = request.queryValue("fieldSelector") { words += ["--field-selector", fields] }
        if let grace = body["gracePeriodSeconds"]?.integerValue { words += ["--grace-period=\(grace)"] + (grace == 0 ? ["--force"] : []) }
        if let propagation = body["propagationPolicy"]?.stringValue { words.append("--cascade=\(propagation.lowercased())") }
        if let uid = body["preconditions", "uid"]?.stringValue {
            notes.append("kubectl cannot say that the object must still have uid \(uid); the curl form does")
        }
        if let version = body["preconditions", "resourceVersion"]?.stringValue {
            notes.append("kubectl cannot say that the object must still be at resourceVersion \(version); the curl form does")
        }
        return kubectl(words + flags + ["--wait=false"])
    }

    private mutating func replace(_ target: ResourceTarget) -> String {
        if let scale = scale(target) { return scale }
        switch target.subresource {
        case nil: return stdin(["replace"] + namespace(target) + flags + ["-f", "-"])
        case "status"?: return stdin(["replace", "--subresource=status"] + namespace(target) + flags + ["-f", "-"])
        default: return raw("replace")
        }
    }

    private mutating func patch(_ target: ResourceTarget) -> String {
        guard let name = target.name else { return raw("replace") }
        if let short = scale(target) ?? restart(target) ?? cordon(target) { return short }
        let object = "\(target.kind)/\(name)"
        let below = target.subresource.map { ["--subresource=\($0)"] } ?? []
        let type: String
        switch request.contentType {
        case PatchType.apply.rawValue?:
            let force = request.queryValue("force") == "true" ? ["--force-conflicts"] : []
            return stdin(["apply", "--server-side"] + force + below + namespace(target) + flags + ["-f", "-"])
        case PatchType.json.rawValue?: type = "json"
        case PatchType.merge.rawValue?: type = "merge"
        default: type = "strategic"
        }
        let patch = request.lacksBody ? "BODY" : Self.compact(body)
        return kubectl(["patch", object] + namespace(target) + ["--type=\(type)"] + below + flags + ["--patch", patch])
    }

    private func scale(_ target: ResourceTarget) -> String? {
        guard target.subresource == "scale", let name = target.name, let replicas = body["spec", "replicas"]?.integerValue else { return nil }
        let version = body["metadata", "resourceVersion"]?.stringValue.map { ["--resource-version=\($0)"] } ?? []
        return kubectl(["scale", "\(target.kind)/\(name)"] + namespace(target) + ["--replicas=\(replicas)"] + version + dryRun)
    }

    private static let restartedAt = "kubectl.kubernetes.io/restartedAt"

    private func restart(_ target: ResourceTarget) -> String? {
        guard target.subresource == nil, let name = target.name,
            body == ["spec": ["template": ["metadata": ["annotations": [Self.restartedAt: body.value(at: Self.restartPath[...]) ?? .null]]]]]
        else { return nil }
        return request.isDryRun ? nil : kubectl(["rollout", "restart", "\(target.kind)/\(name)"] + namespace(target))
    }

    private static let restartPath = ["spec", "template", "metadata", "annotations", restartedAt]

    private func cordon(_ target: ResourceTarget) -> String? {
        guard target.kind == "nodes", target.subresource == nil, let name = target.name else { return nil }
        let isOn = body == ["spec": ["unschedulable": true]]
        guard isOn || body == ["spec": ["unschedulable": false]] || body == ["spec": ["unschedulable": .null]] else { return nil }
        return kubectl([isOn ? "cordon" : "uncordon", name] + dryRun)
    }

    private func session(_ target: ResourceTarget) -> String? {
        guard let name = target.name, let verb = target.subresource else { return nil }
        let container = request.queryValue("container").map { ["--container", $0] } ?? []
        let stdin = request.queryValue("stdin") == "true" ? ["--stdin"] : []
        let terminal = request.queryValue("tty") == "true" ? ["--tty"] : []
        switch verb {
        case "exec":
            let program = request.query.filter { $0.name == "command" }.map(\.value)
            return kubectl(["exec"] + stdin + terminal + namespace(target) + [name] + container + ["--"] + program)
        case "attach": return kubectl(["attach"] + stdin + terminal + namespace(target) + [name] + container)
        case "portforward":
            let ports = request.query.filter { $0.name == "ports" }.map(\.value)
            return kubectl(["port-forward"] + namespace(target) + ["\(target.kind)/\(name)"] + (ports.isEmpty ? ["PORT"] : ports))
        default: return nil
        }
    }

    // MARK: - Words

    private var verb: String {
        switch request.method {
        case .get, .head, .options: "get"
        case .delete: "delete"
        case .post: "create"
        case .put, .patch: "replace"
        }
    }

    /// A path that kubectl has no words for.
    private func raw(_ verb: String) -> String {
        let query = request.query.isEmpty ? "" : "?\(QueryItem.encode(request.query))"
        let words = [verb, "--raw", "\(request.path)\(query)"]
        return request.bodySize == 0 ? kubectl(words) : stdin(words + ["-f", "-"])
    }

    private func namespace(_ target: ResourceTarget) -> [String] { target.namespace.map { ["--namespace", $0] } ?? [] }

    private var dryRun: [String] { request.isDryRun ? ["--dry-run=server"] : [] }

    private var flags: [String] {
        var words = dryRun
        if let manager = request.queryValue("fieldManager") { words.append("--field-manager=\(manager)") }
        if let validation = request.queryValue("fieldValidation"), request.method != .delete, request.method != .patch {
            words.append("--validate=\(validation.lowercased())")
        }
        return words
    }

    private func kubectl(_ words: [String]) -> String { ShellText.line(["kubectl", "--context", request.context] + words) }

    private func stdin(_ words: [String]) -> String {
        ShellText.heredoc(kubectl(words), request.lacksBody ? "BODY" : Self.pretty(body))
    }

    static func compact(_ value: JSONValue) -> String { String(decoding: JSON.encode(value), as: UTF8.self) }

    /// Signs that a terminal would obey are escapes of JSON; they stand in strings only.
    private static func pretty(_ value: JSONValue) -> String {
        var text = ""
        for scalar in String(decoding: JSON.encode(value, pretty: true), as: UTF8.self).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar != "\n", .format, .lineSeparator, .paragraphSeparator:
                for unit in String(scalar).utf16 { text += "\\u\(String(repeating: "0", count: 4 - String(unit, radix: 16).count))\(String(unit, radix: 16))" }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

/// How one would send a request with curl, through `kubectl proxy`, which signs it with the context's credentials.
package enum CurlForm {
    /// Where `kubectl proxy` listens unless told otherwise.
    package static let proxy = "http://127.0.0.1:8001"

    /// The command that has to run beside it.
    package static func proxyCommand(_ request: SentRequest) -> String { ShellText.line(["kubectl", "--context", request.context, "proxy"]) }

    /// The command line, ready for a shell.
    package static func command(_ request: SentRequest) -> String {
        let query = request.query.isEmpty ? "" : "?\(QueryItem.encode(request.query))"
        var words = ["curl", "--silent", "--show-error"]
        if request.method != .get { words += ["--request", request.method.rawValue] }
        if request.bodySize > 0 {
            words += ["--header", "Content-Type: \(request.contentType ?? "application/json")"]
            words += ["--data-binary", request.lacksBody ? "BODY" : KubectlWriter.compact(request.body)]
        }
        return ShellText.line(words + ["\(proxy)\(request.path)\(query)"])
    }
}
