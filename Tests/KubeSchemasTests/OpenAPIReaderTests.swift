import APIMachinery
import JSONCore
import KubeSchemas
import Testing

@Suite struct OpenAPIReaderTests {
    private static let apps = GroupVersion(group: "apps", version: "v1")

    private func served() -> [ResourceDescriptor] {
        OpenAPIReader.resources(OpenAPIV3.document(for: Self.apps, registry: builtinSchemas), groupVersion: Self.apps, known: builtinSchemas)
    }

    @Test func `what our own server says of a group version is read back with the same names, scopes and verbs`() throws {
        let found = served()
        let wanted = builtinSchemas.resources(of: Self.apps)
        #expect(Set(found.map(\.plural)) == Set(wanted.map(\.plural)))
        for resource in wanted {
            let same = try #require(found.first { $0.plural == resource.plural })
            #expect(same.kind == resource.kind && same.isNamespaced == resource.isNamespaced && same.type.gvk == resource.gvk)
            #expect(same.verbs == resource.verbs, "\(resource.plural)")
        }
    }

    @Test(arguments: [
        ("spec.template.spec.containers.0.imagePullPolicy", "string"), ("spec.replicas", "integer"),
        ("spec.template.spec.containers.0.resources.limits.cpu", "quantity"), ("spec.strategy.rollingUpdate.maxSurge", "integer or string"),
        ("metadata.creationTimestamp", "time"), ("spec.selector.matchLabels", "map[string]string"),
    ])
    func `a field has its type wherever it stands`(path: String, type: String) throws {
        let deployment = try #require(served().first { $0.kind == "Deployment" })
        #expect(SchemaLookup.type(at: JSONPointer(path.split(separator: ".").map(String.init)), in: deployment.type)?.name == type)
    }

    @Test func `what was read finds the same faults as the built-in schema`() throws {
        let deployment = try #require(served().first { $0.kind == "Deployment" })
        let text = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: a}
            spec:
              replicas: "2"
              selector: {matchLabels: {app: a}}
              template:
                metadata: {labels: {app: a}}
                spec:
                  containers:
                  - name: app
                    imge: x
                    image: y
            """
        let value = try YAML.parse(text)[0].value
        let builtin = try #require(builtinSchemas.resource(kind: deployment.gvk))
        let found = SchemaDiagnostics.check(value, type: deployment.type)
        #expect(found == SchemaDiagnostics.check(value, type: builtin.type))
        #expect(found.contains { $0.message.hasPrefix("unknown field \"imge\"") } && found.contains { $0.message.hasPrefix("expected integer") })
    }

    private static let crontab: JSONValue = [
        "components": [
            "schemas": [
                "com.example.stable.v1.CronTab": [
                    "type": "object", "required": ["spec"],
                    "x-kubernetes-group-version-kind": [["group": "stable.example.com", "version": "v1", "kind": "CronTab"]],
                    "properties": [
                        "apiVersion": ["type": "string"], "kind": ["type": "string"],
                        "metadata": ["allOf": [["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]]],
                        "spec": [
                            "type": "object", "required": ["cronSpec"],
                            "properties": [
                                "cronSpec": ["type": "string", "description": "When it runs."],
                                "policy": ["type": "string", "enum": ["Allow", "Forbid"]], "replicas": ["type": "integer", "minimum": 1],
                                "free": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
                                "tree": ["$ref": "#/components/schemas/loop"],
                            ],
                        ],
                    ],
                ],
                "loop": ["type": "object", "properties": ["next": ["$ref": "#/components/schemas/loop"]]],
                "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": ["type": "object", "properties": ["name": ["type": "string"]]],
            ]
        ],
        "paths": [
            "/apis/stable.example.com/v1/namespaces/{namespace}/crontabs": [
                "post": [
                    "x-kubernetes-action": "post",
                    "x-kubernetes-group-version-kind": ["group": "stable.example.com", "version": "v1", "kind": "CronTab"],
                ]
            ]
        ],
    ]

    @Test func `a custom kind is checked as its schema says`() throws {
        let groupVersion = GroupVersion(group: "stable.example.com", version: "v1")
        let found = OpenAPIReader.resources(Self.crontab, groupVersion: groupVersion, known: builtinSchemas)
        let resource = try #require(found.first)
        #expect(found.count == 1 && resource.plural == "crontabs" && resource.isNamespaced && resource.verbs == ["create"])
        func messages(_ spec: JSONValue) -> [String] {
            SchemaDiagnostics.check(
                ["apiVersion": "stable.example.com/v1", "kind": "CronTab", "metadata": ["name": "a"], "spec": spec], type: resource.type
            ).map(\.message)
        }
        #expect(messages(["cronSpec": "* * * * *", "free": ["any": ["thing": 1]], "tree": ["next": ["next": [:]]]]) == [])
        #expect(messages(["cronSpec": 5]) == ["expected string, found integer"])
        #expect(messages(["cronSpec": "x", "polcy": "Allow"]).first?.contains("did you mean \"policy\"") == true)
        #expect(messages(["cronSpec": "x", "policy": "Never"]).first?.contains("Never") == true)
        #expect(messages(["replicas": 2]) == ["cronSpec is required"])
        #expect(messages(["cronSpec": "x", "tree": ["nxt": [:]]]).count == 1)
        #expect(SchemaLookup.documentation(at: JSONPointer(["spec", "cronSpec"]), in: resource.type) == "When it runs.")
    }

    @Test func `no document can do harm`() {
        var deep: JSONValue = ["type": "object"]
        for _ in 0..<300 { deep = ["type": "object", "properties": ["a": deep]] }
        let documents: [JSONValue] = [
            .null, [], "x", ["components": 1, "paths": []], ["paths": ["": ["get": 1], "/apis": [:]]],
            ["components": ["schemas": ["a": ["$ref": "#/components/schemas/a"], "b": ["allOf": [["$ref": "/"]]]]]],
            [
                "components": [
                    "schemas": ["d": ["type": "object", "x-kubernetes-group-version-kind": [["kind": "D", "version": "v1"]], "properties": ["d": deep]]]
                ],
                "paths": ["/api/v1/ds": ["get": ["x-kubernetes-action": "list", "x-kubernetes-group-version-kind": ["kind": "D", "version": "v1"]]]],
            ],
        ]
        for document in documents {
            _ = OpenAPIReader.resources(document, groupVersion: GroupVersion(group: "", version: "v1"), known: builtinSchemas)
        }
    }
}
