import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// A patch, and behind a line with nothing but `--` what it is applied to.
struct PatchInput {
    let parts: [JSONValue]
    let type: TypeSchema

    private static let mark = Array("\n--\n".utf8)

    /// Nil when a part is no JSON, which is the business of another target.
    init?(_ input: [UInt8], defaults: [JSONValue]) {
        var rest = input[...]
        var parts: [JSONValue] = []
        while parts.count < defaults.count {
            let end = rest.indices.first { rest[$0...].starts(with: Self.mark) } ?? rest.endIndex
            guard let value = try? JSON.parse(rest[..<end]) else { return nil }  // best effort: see above
            parts.append(value)
            guard end < rest.endIndex else { break }
            rest = rest[(end + Self.mark.count)...]
        }
        self.parts = parts + defaults[parts.count...]
        let live = self.parts[min(1, self.parts.count - 1)]
        let named = GroupVersion(apiVersion: live["apiVersion"]?.stringValue ?? "")
        let kind = GroupVersionKind(named ?? GroupVersion(group: "apps", version: "v1"), kind: live["kind"]?.stringValue ?? "Deployment")
        guard let type = builtinSchemas.type(kind: kind) else { return nil }
        self.type = type
    }

    static let deployment: JSONValue = [
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "labels": ["app": "web"], "finalizers": ["a/b", "c/d"]],
        "spec": [
            "replicas": 2, "selector": ["matchLabels": ["app": "web"]], "strategy": ["type": "Recreate"],
            "template": [
                "metadata": ["labels": ["app": "web"]],
                "spec": [
                    "containers": [
                        [
                            "name": "a", "image": "a:1", "ports": [["containerPort": 80, "protocol": "TCP"], ["containerPort": 80, "protocol": "UDP"]],
                            "env": [["name": "A", "value": "1"], ["name": "B", "value": "2"]],
                            "resources": ["limits": ["cpu": "100m", "memory": "1Gi"]],
                        ],
                        ["name": "b", "image": "b:1", "volumeMounts": [["name": "v", "mountPath": "/v"]]],
                    ],
                    "volumes": [["name": "v", "emptyDir": [:]], ["name": "w", "configMap": ["name": "c"]]],
                    "tolerations": [["key": "k", "operator": "Exists"]],
                ],
            ],
        ],
    ]

    /// The object as the API server stores it; nil when it is none of the type.
    static func canonical(_ value: JSONValue, _ type: TypeSchema) -> JSONValue? {
        try? SchemaDecoder.decode(value, as: type, validation: .ignore).0  // best effort: what is none cannot be stored
    }
}

extension FuzzTarget {
    private static let objectTokens =
        jsonTokens + [
            "\"metadata\":", "\"spec\":", "\"template\":", "\"containers\":", "\"name\":", "\"a\"", "\"b\"", "\"ports\":", "\"containerPort\":80",
            "\"protocol\":\"UDP\"", "\"labels\":", "\"finalizers\":", "\"env\":", "\"volumes\":", "\"image\":\"x\"", "\"replicas\":3", "null", "\n--\n",
        ]

    static let jsonPatch = FuzzTarget(
        "json-patch",
        tokens: jsonTokens + [
            "{\"op\":\"", "add", "remove", "replace", "move", "copy", "test", "\",\"path\":\"/", "\",\"from\":\"/", "\",\"value\":", "/a", "/0", "/-", "/01",
            "~0",
            "~1", "~2", "/a/b", "\n--\n", "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a\"},",
        ], nesting: jsonNesting + [("{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a\"},", ""), ("/a", "")]
    ) {
        let limits = PatchLimits(maximumDepth: 64, maximumNodes: 5000)
        return { input, seen in
            guard let input = PatchInput(input, defaults: [[], ["a": ["b": [1, 2]], "l": [["y": 1], 2]]]) else { return }
            let (patch, document) = (input.parts[0], input.parts[1])
            let result: JSONValue
            do throws(APIStatus) {
                result = try JSONPatch.apply(patch, to: document, limits: limits)
            } catch {
                return try Refusal.check(error, &seen, codes: [400, 413, 422])
            }
            for operation in patch.arrayValue ?? [] { seen.note(operation["op"]?.stringValue ?? "") }
            seen.note(result)
            let most = document.weight(upTo: .max) + patch.weight(upTo: .max) + limits.maximumNodes
            try Violation.unless(result.weight(upTo: most + 1) <= most, "a patch makes no more values than its limit")
            try Violation.unless(!result.isDeeper(than: limits.maximumDepth), "a patch makes nothing deeper than its limit")
            let back = Result { try JSONPatch.apply(JSONPatch.diff(from: document, to: result), to: document) }
            try Violation.unless((try? back.get()) == result, "a difference makes one of the other", "\(result): \(back)")
        }
    }

    static let mergePatch = FuzzTarget("merge-patch", tokens: jsonTokens + ["\n--\n", "\"b\":null"], nesting: jsonNesting) {
        { input, seen in
            guard let input = PatchInput(input, defaults: [[:], ["a": ["b": [1, 2], "c": [:]]]]) else { return }
            let (patch, document) = (input.parts[0], input.parts[1])
            let result: JSONValue
            do throws(APIStatus) {
                result = try MergePatch.apply(patch, to: document)
            } catch {
                return try Refusal.check(error, &seen, codes: [400])
            }
            seen.note(result)
            try Violation.unless(try MergePatch.apply(patch, to: result) == result, "a patch applied twice changes nothing more", "\(result)")
            guard !Self.hasNull(result) else { return }
            let back = try MergePatch.apply(MergePatch.diff(from: document, to: result), to: document)
            try Violation.unless(back == result, "a difference makes one of the other", "\(result): \(back)")
        }
    }

    /// Whether a member is null, which no merge patch can bring about.
    private static func hasNull(_ value: JSONValue) -> Bool {
        value.objectValue?.contains { $0.value.isNull || hasNull($0.value) } ?? false
    }

    static let strategicPatch = FuzzTarget(
        "strategic-patch",
        tokens: objectTokens + [
            "\"$patch\":\"delete\"", "\"$patch\":\"replace\"", "\"$patch\":\"merge\"", "\"$retainKeys\":[\"type\"]", "\"$setElementOrder/containers\":",
            "\"$deleteFromPrimitiveList/finalizers\":", "\"$setElementOrder/finalizers\":", "\"$setElementOrder/ports\":",
            "[{\"name\":\"b\"},{\"name\":\"a\"}]",
        ], nesting: jsonNesting
    ) {
        { input, seen in
            guard let input = PatchInput(input, defaults: [[:], PatchInput.deployment]),
                let live = PatchInput.canonical(input.parts[1], input.type)
            else { return }
            let patched: JSONValue
            do throws(APIStatus) {
                patched = try StrategicMergePatch.apply(input.parts[0], to: live, type: input.type)
            } catch {
                return try Refusal.check(error, &seen, codes: [400])
            }
            seen.note(patched)
            guard let result = PatchInput.canonical(patched, input.type), Self.isDistinct(result), Self.isDistinct(live) else { return }
            seen.note("decoded")
            let difference = StrategicMergePatch.diff(from: live, to: result, type: input.type)
            let back = Result { try StrategicMergePatch.apply(difference, to: live, type: input.type) }
            let again = (try? back.get()).flatMap { PatchInput.canonical($0, input.type) }
            try Violation.unless(again == result, "a difference makes one of the other", "\(live) by \(difference) is to be \(result), is \(back)")
        }
    }

    /// Whether no list repeats an element: a patch cannot tell such elements apart.
    private static func isDistinct(_ value: JSONValue) -> Bool {
        switch value {
        case .array(let elements):
            Set(elements).count == elements.count && Set(elements.compactMap { $0["name"] }).count == elements.compactMap { $0["name"] }.count
                && elements.allSatisfy(isDistinct)
        case .object(let members): members.allSatisfy { isDistinct($0.value) }
        default: true
        }
    }

    static let apply = FuzzTarget(
        "apply", tokens: objectTokens + ["\"f:spec\":{}", "\"k:{\\\"name\\\":\\\"a\\\"}\":{}", "\"v:1\":{}", "\".\":{}"], nesting: jsonNesting
    ) {
        { input, seen in try ApplyRules.check(input, &seen) }
    }
}

/// What holds for every configuration that is applied to an object with a list of owners.
private enum ApplyRules {
    static func check(_ input: [UInt8], _ seen: inout Observation) throws {
        guard let input = PatchInput(input, defaults: [[:], PatchInput.deployment, []]) else { return }
        let time = Timestamp(seconds: 1)
        guard let live = PatchInput.canonical(input.parts[1], input.type) else { return }
        let manager = FieldManager(type: input.type)
        let updater = ManagedFields.Manager(name: "u", operation: .update, apiVersion: "apps/v1")
        let applier = ManagedFields.Manager(name: "a", operation: .apply, apiVersion: "apps/v1")
        var owners = ManagedFields()
        if let given = ManagedFields(input.parts[2]) {
            seen.note("owners", given.entries.count)
            try readsBack(given)
            owners = given
        }
        owners = manager.update(owners, from: .object(JSONObject()), to: live, by: updater, at: time)
        let config = input.parts[0]
        let first: FieldManager.Applied
        do throws(APIStatus) {
            _ = try manager.apply(config, to: live, owners, by: applier, isForced: false, at: time)
            seen.note("unforced")
        } catch { try Refusal.check(error, &seen, codes: [400, 409, 500]) }
        do throws(APIStatus) {
            first = try manager.apply(config, to: live, owners, by: applier, isForced: true, at: time)
        } catch {
            return try Refusal.check(error, &seen, codes: [400, 500])
        }
        try readsBack(first.managed)
        guard let object = PatchInput.canonical(first.object ?? live, input.type) else { return }
        seen.note(object)
        seen.note("fields", first.managed.entries.reduce(0) { $0 + $1.fields.count })
        let second = Result { try manager.apply(config, to: object, first.managed, by: applier, isForced: false, at: time) }
        guard case .success(let second) = second else {
            throw Violation(rule: "what was applied can be applied again", detail: "\(config) on \(live): \(second)")
        }
        let again = second.object.flatMap { PatchInput.canonical($0, input.type) } ?? object
        try Violation.unless(again == object, "applying the same again changes nothing", "\(config) on \(live): \(object) became \(again)")
        try Violation.unless(
            second.managed.isSameIgnoringTimes(first.managed), "applying the same again changes no owner",
            "\(config) on \(live): \(first.managed.text ?? "") became \(second.managed.text ?? "")")
    }

    private static func readsBack(_ managed: ManagedFields) throws {
        let text = managed.text ?? "[]"
        let back = ManagedFields(text: text)
        try Violation.unless(back?.isSameIgnoringTimes(managed) == true && back?.text ?? "[]" == text, "a list of owners reads back as itself", text)
    }
}
