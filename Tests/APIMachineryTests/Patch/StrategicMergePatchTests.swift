import APIMachinery
import JSONCore
import Testing

@Suite struct StrategicMergePatchTests {
    static let pod =
        #"{"metadata":{"finalizers":["a","b"],"labels":{"x":"1"}},"spec":{"containers":[{"name":"a","image":"1","ports":[{"containerPort":80,"protocol":"TCP"},{"containerPort":53,"protocol":"TCP"},{"containerPort":53,"protocol":"UDP"}]},{"name":"b","args":["x","y"]}],"volumes":[{"name":"v","emptyDir":{}}],"nodeSelector":{"k":"v"}}}"#

    /// Where a value is, the patch, and what the value then is.
    @Test(arguments: [
        ("/spec/containers/0/image", #"{"spec":{"containers":[{"name":"a","image":"2"}]}}"#, #""2""#),
        ("/spec/containers/1", #"{"spec":{"containers":[{"name":"b","args":["z"]}]}}"#, #"{"name":"b","args":["z"]}"#),
        ("/spec/containers", #"{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}"#, #"[{"name":"b","args":["x","y"]}]"#),
        ("/spec/containers", #"{"spec":{"containers":[{"$patch":"replace"},{"name":"c"}]}}"#, #"[{"name":"c"}]"#),
        ("/spec/containers/1/name", #"{"spec":{"containers":[{"name":"c","image":null}]}}"#, #""a""#),
        ("/spec/containers/0", #"{"spec":{"containers":[{"name":"c","image":null}]}}"#, #"{"name":"c"}"#),
        (
            "/spec/containers/0/ports",
            #"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":53,"protocol":"UDP","name":"dns"}]}]}}"#,
            #"[{"containerPort":80,"protocol":"TCP"},{"containerPort":53,"protocol":"TCP"},{"containerPort":53,"protocol":"UDP","name":"dns"}]"#
        ),
        (
            "/spec/containers/0/ports/0", #"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"UDP"}]}]}}"#,
            #"{"containerPort":80,"protocol":"UDP"}"#
        ),
        ("/metadata/labels", #"{"metadata":{"labels":{"x":null,"y":"2"}}}"#, #"{"y":"2"}"#),
        ("/metadata/labels", #"{"metadata":{"labels":{"$patch":"replace","y":"2"}}}"#, #"{"y":"2"}"#),
        ("/metadata/labels", #"{"metadata":{"labels":{"$patch":"delete"}}}"#, "{}"),
        ("/metadata/finalizers", #"{"metadata":{"finalizers":["b","c"]}}"#, #"["a","b","c"]"#),
        ("/metadata/finalizers", #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}"#, #"["b"]"#),
        ("/metadata/finalizers", #"{"metadata":{"$setElementOrder/finalizers":["b","a"]}}"#, #"["b","a"]"#),
        (
            "/metadata/finalizers",
            #"{"metadata":{"$setElementOrder/finalizers":["c","b"],"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c"]}}"#,
            #"["c","b"]"#
        ),
        (
            "/spec/containers", #"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}}"#,
            #"[{"name":"b","args":["x","y"]},{"name":"a","image":"1","ports":[{"containerPort":80,"protocol":"TCP"},{"containerPort":53,"protocol":"TCP"},{"containerPort":53,"protocol":"UDP"}]}]"#
        ),
        (
            "/spec/volumes/0", #"{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/"},"$retainKeys":["name","hostPath"]}]}}"#,
            #"{"name":"v","hostPath":{"path":"/"}}"#
        ),
        ("/spec/volumes/0", #"{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/"}}]}}"#, #"{"name":"v","emptyDir":{},"hostPath":{"path":"/"}}"#),
        ("/spec/nodeSelector", #"{"spec":{"nodeSelector":"text"}}"#, #""text""#),
        ("/spec/imagePullSecrets", #"{"spec":{"imagePullSecrets":[{"name":"s"},{"name":"t","$patch":"delete"}]}}"#, #"[{"name":"s"}]"#),
        ("/spec/unknown", #"{"spec":{"unknown":{"a":{"b":null,"c":1}}}}"#, #"{"a":{"c":1}}"#),
        ("/spec", #"{"spec":null,"x":1}"#, "null"),
    ])
    func `a strategic merge patch changes the object`(_ place: String, _ patch: String, _ expected: String) throws {
        let result = try StrategicMergePatch.apply(json(patch), to: json(Self.pod), type: TestSchemas.pod)
        #expect(result[pointer: try JSONPointer(parsing: place)] ?? .null == (try json(expected)), "\(result)")
    }

    @Test(arguments: [
        "3", #"{"$patch":"what"}"#, #"{"spec":{"containers":[{"image":"x"}]}}"#, #"{"spec":{"containers":[{"$patch":"delete"}]}}"#,
        #"{"spec":{"containers":[{"name":"a","$patch":"merge"}]}}"#, #"{"spec":{"containers":[{"name":"a","$patch":"what"}]}}"#,
        #"{"spec":{"containers":["a"]}}"#, #"{"spec":{"$setElementOrder/containers":3}}"#,
        #"{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"b"}]}}"#,
        #"{"metadata":{"$deleteFromPrimitiveList/finalizers":"a"}}"#, #"{"spec":{"$retainKeys":"x"}}"#,
        #"{"spec":{"$retainKeys":["containers"],"volumes":[]}}"#,
    ])
    func `a malformed patch is refused`(_ patch: String) throws {
        let changes = try json(patch)
        let pod = try json(Self.pod)
        let error = #expect(throws: APIStatus.self) { try StrategicMergePatch.apply(changes, to: pod, type: TestSchemas.pod) }
        #expect(error?.code == 400)
    }

    @Test func `a diff turns one object into the other`() throws {
        for (seed, type) in [(31, TestSchemas.pod), (32, TestSchemas.deployment)] as [(UInt64, TypeSchema)] {
            var generator = ObjectGenerator(seed: seed)
            for _ in 0..<400 {
                let old = JSONValue.object(generator.object(type))
                let new = JSONValue.object(generator.object(type))
                let patch = StrategicMergePatch.diff(from: old, to: new, type: type)
                let result = try StrategicMergePatch.apply(patch, to: old, type: type)
                #expect(result == new, "\(patch)")
                #expect(StrategicMergePatch.diff(from: new, to: new, type: type) == [:])
            }
        }
    }

    @Test func `a diff of lists with repeated keys replaces them`() throws {
        let old = try json(#"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":53,"protocol":"UDP"}]}]}}"#)
        let new = try json(
            #"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":53,"protocol":"UDP"},{"containerPort":53,"protocol":"TCP"}]}]}}"#)
        let patch = StrategicMergePatch.diff(from: old, to: new, type: TestSchemas.pod)
        #expect(try StrategicMergePatch.apply(patch, to: old, type: TestSchemas.pod) == new)
    }

    @Test func `a three-way patch deletes what the user removed and keeps what others added`() throws {
        let original = try json(#"{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b"}],"nodeSelector":{"x":"1"}}}"#)
        let modified = try json(#"{"spec":{"containers":[{"name":"a","image":"2"}]}}"#)
        let current = try json(
            #"{"spec":{"containers":[{"name":"a","image":"1","imagePullPolicy":"Always"},{"name":"b"},{"name":"sidecar"}],"nodeSelector":{"x":"1"},"restartPolicy":"Always"}}"#
        )
        let patch = StrategicMergePatch.threeWay(original: original, modified: modified, current: current, type: TestSchemas.pod)
        #expect(
            try StrategicMergePatch.apply(patch, to: current, type: TestSchemas.pod)
                == json(#"{"spec":{"containers":[{"name":"a","image":"2","imagePullPolicy":"Always"},{"name":"sidecar"}],"restartPolicy":"Always"}}"#))
        #expect(
            patch
                == (try json(
                    #"{"spec":{"nodeSelector":null,"containers":[{"name":"a","image":"2"},{"name":"b","$patch":"delete"}],"$setElementOrder/containers":[{"name":"a"}]}}"#
                )))
    }
}
