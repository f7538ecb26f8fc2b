import JSONCore
import Testing

@testable import APIMachinery

@Suite struct SchemaDecoderTests {
    func decode(
        _ text: String, _ type: TypeSchema = TestSchemas.deployment, _ validation: FieldValidation = .strict
    ) throws -> (JSONValue, warnings: [String]) {
        var duplicates: [JSONPointer] = []
        let value = try JSON.parse(Array(text.utf8), duplicateKeys: &duplicates)
        return try SchemaDecoder.decode(value, as: type, validation: validation, duplicates: duplicates)
    }

    @Test(arguments: [
        (#"{"spec":{"replicas":"two"}}"#, "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (#"{"spec":{"replicas":1.5}}"#, "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (#"{"spec":{"replicas":3000000000}}"#, "json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (#"{"spec":[]}"#, "json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec"),
        (#"{"spec":{"paused":"yes"}}"#, "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool"),
        (#"{"metadata":{"labels":{"a":1}}}"#, "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"),
        (#"{"metadata":{"labels":"x"}}"#, "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string"),
        (
            #"{"spec":{"template":{"spec":{"containers":{"a":1}}}}}"#,
            "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container"
        ),
        (
            #"{"spec":{"template":{"spec":{"containers":[{"image":3}]}}}}"#,
            "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.image of type string"
        ),
        (#"{"metadata":{"creationTimestamp":"nope"}}"#, #"parsing time "nope" as "2006-01-02T15:04:05Z07:00": cannot parse "nope" as "2006""#),
        (
            #"{"spec":{"template":{"spec":{"overhead":{"cpu":"1x"}}}}}"#,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        ),
    ])
    func `a value of the wrong type is refused with the text of Kubernetes`(_ text: String, _ message: String) {
        let error = #expect(throws: APIStatus.self) { try decode(text) }
        #expect(error?.code == 400)
        #expect(error?.message == #"Deployment in version "v1" cannot be handled as a Deployment: "# + message)
    }

    @Test func `unknown and repeated fields are refused in strict mode, told in warn mode and dropped in both others`() throws {
        let text = #"{"spec":{"unknownField":"foo","replicas":2,"replicas":3,"template":{"spec":{"containers":[{"name":"a","x":1}]}}}}"#
        let error = #expect(throws: APIStatus.self) { try decode(text) }
        #expect(
            error?.message
                == #"Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.unknownField", unknown field "spec.template.spec.containers[0].x", duplicate field "spec.replicas""#
        )
        let (value, warnings) = try decode(text, TestSchemas.deployment, .warn)
        #expect(
            warnings == [
                #"unknown field "spec.unknownField""#, #"unknown field "spec.template.spec.containers[0].x""#,
                #"duplicate field "spec.replicas""#,
            ])
        #expect(value.description == #"{"spec":{"replicas":3,"template":{"spec":{"containers":[{"name":"a"}]}}}}"#)
        #expect(try decode(text, TestSchemas.deployment, .ignore).warnings.isEmpty)
    }

    @Test func `nulls and zero values that Go drops are dropped`() throws {
        let text = #"""
            {"kind":"Pod","metadata":{"name":"a","creationTimestamp":null,"labels":{}},"spec":{"containers":[{"name":"c","image":"","args":[],
            "env":[null,{"name":"e","value":""}],"resources":{},"readinessProbe":{"timeoutSeconds":0}}],"hostNetwork":false,
            "nodeSelector":{"a":null},"volumes":[{"name":"v","hostPath":{"path":"/","type":""}},{"name":"w","emptyDir":{}}]},"status":{}}
            """#
        let (value, _) = try decode(text, TestSchemas.pod)
        #expect(
            value
                == (try json(
                    #"""
                    {"kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"c","env":[{},{"name":"e"}],"resources":{},
                    "readinessProbe":{}}],"hostNetwork":false,"nodeSelector":{"a":""},
                    "volumes":[{"name":"v","hostPath":{"path":"/","type":""}},{"name":"w","emptyDir":{}}]},"status":{}}
                    """#)))
    }

    @Test func `quantities and times become canonical`() throws {
        let text =
            #"{"metadata":{"creationTimestamp":"2026-01-02T04:04:05.9+01:00"},"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":0.25,"memory":"1024Mi","x":3}}}]}}"#
        let (value, _) = try decode(text, TestSchemas.pod)
        #expect(value["metadata", "creationTimestamp"] == "2026-01-02T03:04:05Z")
        #expect(value[pointer: try JSONPointer(parsing: "/spec/containers/0/resources/limits")] == ["cpu": "250m", "memory": "1Gi", "x": "3"])
    }

    @Test func `an object that is right is returned as it is`() throws {
        let text = #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":2,"raw":{"any":[1,null]}}}"#
        #expect(try decode(text).0 == json(text))
    }

    @Test(arguments: ["[]", "3", "null", "\"x\""])
    func `what is no object is refused`(_ text: String) {
        #expect(throws: APIStatus.self) { try decode(text) }
    }

    @Test func `secret data must be base64`() {
        let secret = TestSchemas.type("core.v1.Secret")
        let error = #expect(throws: APIStatus.self) { try decode(#"{"data":{"a":"x!"}}"#, secret) }
        #expect(error?.message.hasSuffix("illegal base64 data at input byte 1") == true)
        #expect(throws: Never.self) { try decode(#"{"data":{"a":"aGk=","b":null}}"#, secret) }
    }

    @Test func `an object of another kind is refused`() {
        let kind = GroupVersionKind(group: "apps", version: "v1", kind: "Deployment")
        let error = #expect(throws: APIStatus.self) { try SchemaDecoder.checkKind(["apiVersion": "v1", "kind": "Deployment"], expected: kind) }
        #expect(error?.message == "the API version in the data (v1) does not match the expected API version (apps/v1)")
        #expect(throws: APIStatus.self) { try SchemaDecoder.checkKind(["kind": "Pod"], expected: kind) }
        #expect(throws: Never.self) { try SchemaDecoder.checkKind([:], expected: kind) }
    }

    @Test func `defaults are filled in down to created objects`() throws {
        var value = try json(
            #"{"spec":{"template":{"spec":{"serviceAccountName":"sa","containers":[{"name":"a","ports":[{"containerPort":80}],"readinessProbe":{"httpGet":{"port":80}}}]}}}}"#
        )
        SchemaDecoder.applyDefaults(&value, type: TestSchemas.deployment)
        let expected = try json(
            #"""
            {"spec":{"replicas":1,"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}},
            "template":{"spec":{"serviceAccountName":"sa","serviceAccount":"sa","restartPolicy":"Always","terminationGracePeriodSeconds":30,
            "securityContext":{},"enableServiceLinks":true,"schedulerName":"default-scheduler",
            "containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"}],
            "readinessProbe":{"httpGet":{"port":80,"path":"/","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10}}]}}}}
            """#)
        #expect(value == expected)
        var again = value
        SchemaDecoder.applyDefaults(&again, type: TestSchemas.deployment)
        #expect(again == value)
        var recreate = try json(#"{"spec":{"strategy":{"type":"Recreate"},"replicas":0}}"#)
        SchemaDecoder.applyDefaults(&recreate, type: TestSchemas.deployment)
        #expect(recreate["spec"] == ["strategy": ["type": "Recreate"], "replicas": 0])
    }

    @Test func `structural faults are reported with their fields`() throws {
        let pod = try json(
            #"""
            {"spec":{"restartPolicy":"Sometimes","terminationGracePeriodSeconds":-1,"nodeSelector":{"a b":"c"},
            "containers":[{"name":"a","ports":[{"containerPort":0},{"containerPort":1,"protocol":"XYZ","name":"Bad"}]},{"name":"a"},{"name":"B_"},
            {"env":[{"name":"x"},{"name":"x"}]}]}}
            """#)
        let errors = SchemaDecoder.structuralErrors(pod, type: TestSchemas.pod).map(\.description)
        let label = NameValidation.dnsLabel("B_")[0]
        #expect(
            errors == [
                #"spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure""#,
                "spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0",
                #"spec.nodeSelector: Invalid value: "a b": "# + NameValidation.qualifiedName("a b")[0],
                #"spec.containers[1].name: Duplicate value: "a""#,
                "spec.containers[0].ports[0].containerPort: Invalid value: 0: must be between 1 and 65535, inclusive",
                #"spec.containers[0].ports[1].protocol: Unsupported value: "XYZ": supported values: "SCTP", "TCP", "UDP""#,
                #"spec.containers[0].ports[1].name: Invalid value: "Bad": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"#,
                #"spec.containers[2].name: Invalid value: "B_": "# + label,
                "spec.containers[3].name: Required value",
            ])
    }

    @Test func `a missing object is reported by the fields it must have`() {
        let errors = SchemaDecoder.structuralErrors(["metadata": ["name": "a"]], type: TestSchemas.deployment).map(\.description)
        #expect(errors == ["spec.selector: Required value", "spec.template: Required value"])
        #expect(SchemaDecoder.structuralErrors(["spec": ["containers": []]], type: TestSchemas.pod).map(\.field) == ["spec.containers"])
    }

    @Test func `a change of an immutable field is reported`() {
        let old: JSONValue = ["spec": ["selector": ["matchLabels": ["a": "b"]]]]
        let new: JSONValue = ["spec": ["selector": ["matchLabels": ["a": "c"]]]]
        #expect(
            SchemaDecoder.immutabilityErrors(new, old: old, type: TestSchemas.deployment).map(\.description) == [
                #"spec.selector: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable"#
            ])
        #expect(SchemaDecoder.immutabilityErrors(old, old: old, type: TestSchemas.deployment).isEmpty)
    }
}

@Suite struct EditorSupportTests {
    @Test func `diagnostics name every fault and its place`() throws {
        let value = try json(
            #"{"spec":{"containrs":[],"containers":[{"name":"a","image":3,"env":[{"name":"x"},{"name":"x"}]},{"image":"b"}],"serviceAccount":"x","restartPolicy":"no"}}"#
        )
        let found = SchemaDiagnostics.check(value, type: TestSchemas.pod)
        #expect(
            found.map { "\($0.pointer) \($0.severity) \($0.message)" } == [
                #"/spec/containrs error unknown field "containrs"; did you mean "containers"?"#,
                "/spec/containers/0/image error expected string, found integer",
                "/spec/containers/1 error name is required",
                #"/spec/restartPolicy error Unsupported value: "no": supported values: "Always", "Never", "OnFailure""#,
                "/spec/containers/0/env/1 warning same name as item 1, which this one hides",
                "/spec/serviceAccount warning serviceAccount is deprecated",
            ])
        #expect(SchemaDiagnostics.check(3, type: TestSchemas.pod).count == 1)
        #expect(SchemaDiagnostics.check([:], type: TestSchemas.deployment).map(\.message) == ["spec.selector is required", "spec.template is required"])
    }

    @Test func `completion offers keys and values that fit`() throws {
        let spec = try JSONPointer(parsing: "/spec")
        let keys = SchemaLookup.completions(at: spec, in: TestSchemas.pod, excluding: ["volumes"])
        #expect(keys.first?.text == "containers")
        #expect(keys.last?.text == "serviceAccount")
        #expect(!keys.contains { $0.text == "volumes" })
        #expect(keys.first?.documentation == "The processes to run.")
        let policy = try JSONPointer(parsing: "/spec/restartPolicy")
        #expect(SchemaLookup.completions(at: policy, in: TestSchemas.pod).map(\.text) == ["Always", "OnFailure", "Never"])
        #expect(SchemaLookup.completions(at: policy, in: TestSchemas.pod, prefix: "N").map(\.text) == ["Never"])
        let item = try JSONPointer(parsing: "/spec/containers/0")
        #expect(SchemaLookup.completions(at: item, in: TestSchemas.pod, prefix: "im").map(\.text) == ["image", "imagePullPolicy"])
        #expect(SchemaLookup.documentation(at: policy, in: TestSchemas.pod) == "When to start a container again.")
        #expect(SchemaLookup.completions(at: try JSONPointer(parsing: "/no/such"), in: TestSchemas.pod).isEmpty)
        #expect(SchemaLookup.completions(at: try JSONPointer(parsing: "/spec/hostNetwork"), in: TestSchemas.pod).map(\.text) == ["true", "false"])
    }
}
