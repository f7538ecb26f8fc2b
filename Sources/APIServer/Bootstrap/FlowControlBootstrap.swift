internal import APIMachinery
internal import JSONCore
internal import LinuxKernel

/// The flow schemas and priority levels of a new cluster. They are there for clients that read or refer to them; requests are not queued
/// by them. Source: apiserver `pkg/apis/flowcontrol/bootstrap/default.go`.
enum FlowControlBootstrap {
    /// Specs that may not be changed, by name. Of `exempt` the part named `exempt` may.
    static let mandatorySchemas: [String: JSONValue] = specs(schemas, ["exempt", "catch-all"])
    static let mandatoryLevels: [String: JSONValue] = specs(levels, ["exempt", "catch-all"])

    /// Every priority level, then every schema, which says that its level is there.
    static func objects(at now: Timestamp) -> [(resource: String, object: KubeObject)] {
        levels.map { ("prioritylevelconfigurations", object("PriorityLevelConfiguration", $0, $1)) }
            + schemas.map { name, spec in
                var schema = object("FlowSchema", name, spec)
                let level = (spec["priorityLevelConfiguration", "name"]?.stringValue ?? "").goQuoted
                let message = "This FlowSchema references the PriorityLevelConfiguration object named \(level) and it exists"
                schema["status"] = [
                    "conditions": [
                        [
                            "type": "Dangling", "status": "False", "reason": "Found", "message": .string(message),
                            "lastTransitionTime": .string(now.rfc3339),
                        ]
                    ]
                ]
                return ("flowschemas", schema)
            }
    }

    private static func specs(_ list: [(String, JSONValue)], _ names: [String]) -> [String: JSONValue] {
        Dictionary(uniqueKeysWithValues: list.filter { names.contains($0.0) })
    }

    private static func object(_ kind: String, _ name: String, _ spec: JSONValue) -> KubeObject {
        var object = KubeObject(GroupVersionKind(group: "flowcontrol.apiserver.k8s.io", version: "v1", kind: kind), name: name)
        object["metadata", "annotations"] = ["apf.kubernetes.io/autoupdate-spec": "true"]
        object["metadata", "generation"] = 1
        object["spec"] = spec
        return object
    }

    // MARK: Priority levels

    private static let levels: [(String, JSONValue)] = [
        ("exempt", ["type": "Exempt", "exempt": ["nominalConcurrencyShares": 0, "lendablePercent": 0]]),
        (
            "catch-all",
            ["type": "Limited", "limited": ["nominalConcurrencyShares": 5, "lendablePercent": 0, "limitResponse": ["type": "Reject"]]]
        ),
        ("system", limited(30, lends: 33, queues: 64, hand: 6)), ("node-high", limited(40, lends: 25, queues: 64, hand: 6)),
        ("leader-election", limited(10, lends: 0, queues: 16, hand: 4)), ("workload-high", limited(40, lends: 50, queues: 128, hand: 6)),
        ("workload-low", limited(100, lends: 90, queues: 128, hand: 6)), ("global-default", limited(20, lends: 50, queues: 128, hand: 6)),
    ]

    private static func limited(_ shares: Int64, lends percent: Int64, queues: Int64, hand: Int64) -> JSONValue {
        [
            "type": "Limited",
            "limited": [
                "nominalConcurrencyShares": .integer(shares), "lendablePercent": .integer(percent),
                "limitResponse": [
                    "type": "Queue", "queuing": ["queues": .integer(queues), "handSize": .integer(hand), "queueLengthLimit": 50],
                ],
            ],
        ]
    }

    // MARK: Flow schemas

    private static let everybody = [group("system:unauthenticated"), group("system:authenticated")]
    private static let election = rule(["get", "create", "update"], "coordination.k8s.io", ["leases"])

    private static let schemas: [(String, JSONValue)] = [
        ("exempt", schema("exempt", 1, nil, [group("system:masters")])),
        ("probes", schema("exempt", 2, nil, everybody, [], paths: ["get"], ["/healthz", "/readyz", "/livez"])),
        (
            "system-leader-election",
            schema("leader-election", 100, "ByUser", [user("system:kube-controller-manager"), user("system:kube-scheduler"), account("*")], [election])
        ),
        (
            "endpoint-controller",
            schema(
                "workload-high", 150, "ByUser",
                [user("system:kube-controller-manager"), account("endpoint-controller"), account("endpointslicemirroring-controller")],
                [rule(["get", "create", "update"], "", ["endpoints"])])
        ), ("workload-leader-election", schema("leader-election", 200, "ByUser", [account("*")], [election])),
        (
            "system-node-high",
            schema(
                "node-high", 400, "ByUser", [group("system:nodes")],
                [rule(["*"], "", ["nodes", "nodes/status"], isClusterWide: true), rule(["*"], "coordination.k8s.io", ["leases"])])
        ), ("system-nodes", schema("system", 500, "ByUser", [group("system:nodes")])),
        ("kube-controller-manager", schema("workload-high", 800, "ByNamespace", [user("system:kube-controller-manager")])),
        ("kube-scheduler", schema("workload-high", 800, "ByNamespace", [user("system:kube-scheduler")])),
        ("kube-system-service-accounts", schema("workload-high", 900, "ByNamespace", [account("*")])),
        ("service-accounts", schema("workload-low", 9000, "ByUser", [group("system:serviceaccounts")])),
        ("global-default", schema("global-default", 9900, "ByUser", everybody)), ("catch-all", schema("catch-all", 10_000, "ByUser", everybody)),
    ]

    /// Everything the subjects ask for.
    private static func schema(_ level: String, _ precedence: Int64, _ method: String?, _ subjects: [JSONValue]) -> JSONValue {
        schema(level, precedence, method, subjects, [rule(["*"], "*", ["*"], isClusterWide: true)], paths: ["*"], ["*"])
    }

    private static func schema(
        _ level: String, _ precedence: Int64, _ method: String?, _ subjects: [JSONValue], _ rules: [JSONValue], paths verbs: [String] = [],
        _ paths: [String] = []
    ) -> JSONValue {
        var policy: JSONObject = ["subjects": .array(subjects)]
        if !rules.isEmpty { policy["resourceRules"] = .array(rules) }
        if !paths.isEmpty { policy["nonResourceRules"] = [["verbs": texts(verbs), "nonResourceURLs": texts(paths)]] }
        var spec: JSONObject = [
            "priorityLevelConfiguration": ["name": .string(level)], "matchingPrecedence": .integer(precedence), "rules": [.object(policy)],
        ]
        if let method { spec["distinguisherMethod"] = ["type": .string(method)] }
        return .object(spec)
    }

    private static func rule(_ verbs: [String], _ group: String, _ resources: [String], isClusterWide: Bool = false) -> JSONValue {
        var rule: JSONObject = ["verbs": texts(verbs), "apiGroups": [.string(group)], "resources": texts(resources), "namespaces": ["*"]]
        if isClusterWide { rule["clusterScope"] = true }
        return .object(rule)
    }

    private static func texts(_ list: [String]) -> JSONValue { .array(list.map { .string($0) }) }

    private static func group(_ name: String) -> JSONValue { ["kind": "Group", "group": ["name": .string(name)]] }
    private static func user(_ name: String) -> JSONValue { ["kind": "User", "user": ["name": .string(name)]] }

    private static func account(_ name: String) -> JSONValue {
        ["kind": "ServiceAccount", "serviceAccount": ["name": .string(name), "namespace": "kube-system"]]
    }
}
