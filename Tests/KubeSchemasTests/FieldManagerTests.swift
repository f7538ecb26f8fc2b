import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

/// Ownership of fields with the schemas of real kinds; the expected sets are what Kubernetes records for the same objects.
@Suite struct FieldManagerTests {
    private static let time = Timestamp(seconds: 1_700_000_000)
    private static let deployment = builtinSchemas.type("apps.v1.Deployment")!
    private static let service = builtinSchemas.type("core.v1.Service")!
    private static let configMap = builtinSchemas.type("core.v1.ConfigMap")!
    private static let pod = builtinSchemas.type("core.v1.Pod")!

    private static func applier(_ name: String, _ version: String = "apps/v1") -> ManagedFields.Manager {
        ManagedFields.Manager(name: name, operation: .apply, apiVersion: version)
    }

    private static func updater(_ name: String, _ version: String = "apps/v1") -> ManagedFields.Manager {
        ManagedFields.Manager(name: name, operation: .update, apiVersion: version)
    }

    private static func value(_ text: String) throws -> JSONValue { try JSON.parse(text) }

    private static let web = """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"app":"web"}},"spec":{"replicas":1,
        "selector":{"matchLabels":{"app":"web"}},"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}},
        "revisionHistoryLimit":10,"progressDeadlineSeconds":600,"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[
        {"name":"nginx","image":"nginx","imagePullPolicy":"Always","resources":{},"terminationMessagePath":"/dev/termination-log",
        "terminationMessagePolicy":"File","ports":[{"containerPort":80,"protocol":"TCP"}]}],"dnsPolicy":"ClusterFirst",
        "restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}}}
        """

    /// What a cluster of version 1.36 shows for `kubectl create deployment web --image=nginx --port=80`.
    private static let webFields =
        #"{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:progressDeadlineSeconds":{},"f:replicas":{},"#
        + #""f:revisionHistoryLimit":{},"f:selector":{},"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"#
        + #""f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"nginx\"}":"#
        + #"{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":"#
        + #"{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{},"f:terminationMessagePath":{},"#
        + #""f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"#
        + #""f:terminationGracePeriodSeconds":{}}}}}"#

    @Test func `a created object is owned as Kubernetes records it`() throws {
        let text = ManagedFields.text(
            ofNew: try #require(Self.value(Self.web).objectValue), type: Self.deployment, by: Self.updater("kubectl-create"),
            ignoring: ["status"], at: Self.time)
        #expect(
            text
                == #"[{"manager":"kubectl-create","operation":"Update","apiVersion":"apps/v1","time":"2023-11-14T22:13:20Z","#
                + #""fieldsType":"FieldsV1","fieldsV1":\#(Self.webFields)}]"#)
    }

    @Test func `the one walk writes what the comparison with nothing finds`() throws {
        let object = try Self.value(Self.web)
        let managed = FieldManager(type: Self.deployment, ignoring: FieldSet(paths: [[.field("status")]])).update(
            ManagedFields(), from: .object(JSONObject()), to: object, by: Self.updater("kubectl-create"), at: Self.time)
        let written = ManagedFields.text(
            ofNew: try #require(object.objectValue), type: Self.deployment, by: Self.updater("kubectl-create"), ignoring: ["status"],
            at: Self.time)
        #expect(managed.text == written)
        #expect(ManagedFields(text: try #require(written)) == managed)
    }

    @Test func `an update owns what it changed and leaves the rest to its owners`() throws {
        let manager = FieldManager(type: Self.deployment)
        let old = try Self.value(Self.web)
        let first = manager.update(ManagedFields(), from: .object(JSONObject()), to: old, by: Self.updater("one"), at: Self.time)
        var new = old
        new["spec", "replicas"] = 5
        new["spec", "paused"] = true
        let later = Timestamp(seconds: 1_700_000_100)
        let second = manager.update(first, from: old, to: new, by: Self.updater("two"), at: later)
        #expect(second[Self.updater("two")] == FieldSet(paths: [[.field("spec"), .field("replicas")], [.field("spec"), .field("paused")]]))
        #expect(second[Self.updater("one")]?.contains([.field("spec"), .field("replicas")]) == false)
        #expect(second.entries.map(\.time) == ["2023-11-14T22:13:20Z", "2023-11-14T22:15:00Z"])
        new["spec", "paused"] = nil
        let third = manager.update(second, from: try #require(Self.paused(new)), to: new, by: Self.updater("three"), at: later)
        #expect(third[Self.updater("two")] == FieldSet(paths: [[.field("spec"), .field("replicas")]]))
        #expect(third[Self.updater("three")] == nil)
    }

    private static func paused(_ object: JSONValue) -> JSONValue? {
        var object = object
        object["spec", "paused"] = true
        return object
    }

    @Test func `more than ten updaters are joined into one`() throws {
        let manager = FieldManager(type: Self.configMap)
        var managed = ManagedFields()
        var object: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "data": [:]]
        for number in 0..<15 {
            let old = object
            object["data", "k\(number)"] = "v"
            managed = manager.update(
                managed, from: old, to: object, by: Self.updater("m\(number)", "v1"), at: Timestamp(seconds: Int64(number)))
        }
        #expect(managed.entries.count == 10)
        let ancient = try #require(managed[Self.updater("ancient-changes", "v1")])
        #expect(ancient.contains([.field("data"), .field("k0")]) && ancient.contains([.field("data"), .field("k5")]))
    }

    // MARK: - Apply

    private static func config(_ replicas: Int?, labels: String = "{}", image: String? = "nginx:1") throws -> JSONValue {
        let replicas = replicas.map { "\"replicas\":\($0)," } ?? ""
        let containers = image.map { ",\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"\($0)\"}]}}" } ?? ""
        return try value(
            "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\",\"namespace\":\"default\",\"labels\":\(labels)},"
                + "\"spec\":{\(replicas)\"paused\":true\(containers)}}")
    }

    private static func apply(
        _ config: JSONValue, to live: JSONValue, _ managed: ManagedFields, by name: String, force: Bool = false
    ) throws -> FieldManager.Applied {
        try FieldManager(type: deployment, ignoring: FieldSet(paths: [[.field("status")]])).apply(
            config, to: live, managed, by: applier(name), isForced: force, at: time)
    }

    @Test func `a field that is not applied any more goes, unless somebody else owns it`() throws {
        let empty = JSONValue.object(JSONObject())
        let first = try Self.apply(Self.config(3, labels: #"{"a":"1","b":"1"}"#), to: empty, ManagedFields(), by: "one")
        let second = try Self.apply(Self.config(3, labels: #"{"b":"1"}"#), to: first.object!, first.managed, by: "two")
        #expect(second.object == nil)
        let third = try Self.apply(Self.config(nil), to: first.object!, second.managed, by: "one")
        let object = try #require(third.object)
        #expect(object["metadata", "labels"] == ["b": "1"])
        #expect(object["spec", "replicas"] == 3)
        let fourth = try Self.apply(Self.config(nil, image: nil), to: object, third.managed, by: "two")
        #expect(fourth.object?["spec", "replicas"] == nil)
        #expect(fourth.object?["metadata", "labels"] == nil)
        #expect(fourth.object?["spec", "template"] != nil)
    }

    @Test func `an item of a list goes with its last owner`() throws {
        let config = { (ports: String) in
            try Self.value(#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"ports":[\#(ports)]}}"#)
        }
        let manager = FieldManager(type: Self.service)
        let a = #"{"name":"a","port":80}"#
        let b = #"{"name":"b","port":81,"protocol":"UDP"}"#
        let first = try manager.apply(
            config("\(a),\(b)"), to: .object(JSONObject()), ManagedFields(), by: Self.applier("one", "v1"), isForced: false, at: Self.time)
        let key = PathElement.key([.init(name: "port", value: 80), .init(name: "protocol", value: "TCP")])
        #expect(first.managed[Self.applier("one", "v1")]?.contains([.field("spec"), .field("ports"), key]) == true)
        let second = try manager.apply(
            config(b), to: first.object!, first.managed, by: Self.applier("one", "v1"), isForced: false, at: Self.time)
        #expect(second.object?["spec", "ports"] == .array([try Self.value(b)]))
    }

    @Test func `a conflict names every field with its owner`() throws {
        let manager = FieldManager(type: Self.deployment)
        let live = try Self.config(3)
        let managed = manager.update(ManagedFields(), from: .object(JSONObject()), to: live, by: Self.updater("kubectl-create"), at: Self.time)
        do {
            _ = try Self.apply(Self.config(4), to: live, managed, by: "argo")
            Issue.record("the apply must conflict")
        } catch let status as APIStatus {
            #expect(status.code == 409)
            #expect(status.reason == .conflict)
            #expect(status.message == #"Apply failed with 1 conflict: conflict with "kubectl-create" using apps/v1: .spec.replicas"#)
            #expect(
                status.details?.causes == [
                    APIStatus.Cause(
                        reason: "FieldManagerConflict", message: #"conflict with "kubectl-create" using apps/v1"#, field: ".spec.replicas")
                ])
            #expect(status.details?.name == "")
        }
        do {
            _ = try Self.apply(Self.config(4, image: "nginx:2"), to: live, managed, by: "argo")
            Issue.record("the apply must conflict")
        } catch let status as APIStatus {
            #expect(
                status.message == """
                    Apply failed with 2 conflicts: conflicts with "kubectl-create" using apps/v1:
                    - .spec.replicas
                    - .spec.template.spec.containers[name="c"].image
                    """)
        }
        let forced = try Self.apply(Self.config(4), to: live, managed, by: "argo", force: true)
        #expect(forced.object?["spec", "replicas"] == 4)
        #expect(forced.managed[Self.updater("kubectl-create")]?.contains([.field("spec"), .field("replicas")]) == false)
        #expect(forced.managed[Self.applier("argo")]?.contains([.field("spec"), .field("replicas")]) == true)
    }

    @Test func `the same name by apply and by update is two owners`() throws {
        let manager = FieldManager(type: Self.deployment)
        let live = try Self.config(3)
        let managed = manager.update(ManagedFields(), from: .object(JSONObject()), to: live, by: Self.updater("same"), at: Self.time)
        #expect(throws: APIStatus.self) { try Self.apply(Self.config(4), to: live, managed, by: "same") }
        let applied = try Self.apply(Self.config(3), to: live, managed, by: "same")
        #expect(applied.object == nil)
        #expect(applied.managed.entries.map(\.manager.operation).sorted { $0.rawValue < $1.rawValue } == [.apply, .update])
    }

    @Test func `what was there without an owner is not overwritten unasked`() throws {
        let live = try Self.config(3)
        do {
            _ = try Self.apply(Self.config(4), to: live, ManagedFields(), by: "one")
            Issue.record("the apply must conflict")
        } catch let status as APIStatus {
            #expect(status.message == #"Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas"#)
        }
    }

    @Test func `kubectl takes its own objects over from client-side apply`() throws {
        let manager = FieldManager(type: Self.deployment)
        let applied = try Self.config(3)
        var live = applied
        live["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"] = .string(applied.description)
        let managed = manager.update(
            ManagedFields(), from: .object(JSONObject()), to: live, by: Self.updater("kubectl-client-side-apply"), at: Self.time)
        #expect(throws: APIStatus.self) { try Self.apply(Self.config(4), to: live, managed, by: "other") }
        #expect(try Self.apply(Self.config(4), to: live, managed, by: "kubectl").object?["spec", "replicas"] == 4)
        live["spec", "replicas"] = 7
        #expect(throws: APIStatus.self) { try Self.apply(Self.config(4), to: live, managed, by: "kubectl") }
    }

    @Test(arguments: [
        (#"{"spec":{"nothing":1}}"#, ".spec.nothing: field not declared in schema"),
        (#"{"metadata":{"unknownMeta":"x"}}"#, ".metadata.unknownMeta: field not declared in schema"),
        (#"{"spec":{"replicas":"three"}}"#, ".spec.replicas: expected numeric (int or float), got &value.valueUnstructured{Value:\"three\"}"),
        (#"{"metadata":{"labels":{"a":true}}}"#, ".metadata.labels.a: expected string, got &value.valueUnstructured{Value:true}"),
        (#"{"spec":{"template":{"spec":{"containers":{"a":1}}}}}"#, ".spec.template.spec.containers: expected list, got &{map[a:1]}"),
        (#"{"spec":[1]}"#, ".spec: expected map, got &{[1]}"),
        (
            #"{"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"a"}]}}}}"#,
            #".spec.template.spec.containers: duplicate entries for key [name="a"]"#
        ),
        (
            #"{"spec":{"template":{"spec":{"containers":[{"image":"a"}]}}}}"#,
            ".spec.template.spec.containers: element 0: associative list with keys has an element that omits key field \"name\" (and doesn't have default value)"
        ),
        (#"{"metadata":{"finalizers":["a/b","a/b"]}}"#, #".metadata.finalizers: duplicate entries for key [="a/b"]"#),
        (#"{"metadata":{"x":1},"y":1}"#, "errors:\n  .metadata.x: field not declared in schema\n  .y: field not declared in schema"),
    ])
    func `a configuration that does not fit is refused by its place`(text: String, fault: String) throws {
        do {
            _ = try Self.apply(Self.value(text), to: .object(JSONObject()), ManagedFields(), by: "one")
            Issue.record("the configuration must be refused")
        } catch let status as APIStatus {
            #expect(status.code == 500)
            #expect(status.message == "failed to create typed patch object (/; /, Kind=): \(fault)")
        }
    }

    @Test func `managedFields cannot be applied`() throws {
        var config = try Self.config(1)
        config["metadata", "managedFields"] = .array([])
        do {
            _ = try Self.apply(config, to: .object(JSONObject()), ManagedFields(), by: "one")
            Issue.record("the configuration must be refused")
        } catch let status as APIStatus {
            #expect(status.code == 400)
            #expect(status.message == "metadata.managedFields must be nil")
        }
    }

    @Test func `applied items come in their own order, and others stay where they were`() throws {
        let containers = { (names: [String]) in
            JSONValue.object([
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"],
                "spec": ["containers": .array(names.map { ["name": .string($0)] })],
            ])
        }
        let manager = FieldManager(type: Self.pod)
        let first = try manager.apply(
            containers(["a", "b", "c"]), to: .object(JSONObject()), ManagedFields(), by: Self.applier("one", "v1"), isForced: false, at: Self.time)
        let second = try manager.apply(
            containers(["c", "x", "a"]), to: first.object!, first.managed, by: Self.applier("two", "v1"), isForced: false, at: Self.time)
        let names = second.object?["spec", "containers"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
        #expect(names == ["b", "c", "x", "a"])
    }
}
