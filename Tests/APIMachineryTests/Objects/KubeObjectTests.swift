import APIMachinery
import JSONCore
import LinuxKernel
import Testing

@Suite struct KubeObjectTests {
    @Test func `views read what is there and nothing else`() throws {
        let object = KubeObject(
            try json(
                #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"12","generation":3,"creationTimestamp":"2026-01-02T03:04:05Z","labels":{"x":"y","bad":3},"finalizers":["f"],"ownerReferences":[{"apiVersion":"v1","kind":"K","name":"o","uid":"w","controller":true}]}}"#
            ))
        #expect(object.gvk == GroupVersionKind(group: "apps", version: "v1", kind: "Deployment"))
        #expect(object.revision == 12)
        #expect(object.creationTimestamp?.rfc3339 == "2026-01-02T03:04:05Z")
        #expect(object.labels == ["x": "y"])
        #expect(object.controllerRef?.uid == "w")
        #expect(!object.isBeingDeleted)
    }

    @Test(arguments: ["null", "3", "[]", #"{"metadata":7,"kind":[]}"#, #"{"metadata":{"name":1,"labels":[],"ownerReferences":{"a":1}}}"#])
    func `malformed values read as empty`(_ text: String) throws {
        let object = KubeObject(try json(text))
        #expect(object.name.isEmpty && object.kind.isEmpty && object.namespace == nil && object.revision == nil)
        #expect(object.labels.isEmpty && object.ownerReferences.isEmpty && object.creationTimestamp == nil)
    }

    @Test func `setting writes through and unknown fields stay`() throws {
        var object = KubeObject(try json(#"{"future":{"a":1},"metadata":{"name":"a","odd":true}}"#))
        object.labels = ["b": "2", "a": "1"]
        object.namespace = ""
        object.revision = 7
        object["spec", "nodeName"] = "n1"
        object.finalizers = []
        object.setType(GroupVersionKind(group: "", version: "v1", kind: "Pod"))
        #expect(
            object.value.description
                == #"{"kind":"Pod","apiVersion":"v1","future":{"a":1},"metadata":{"name":"a","odd":true,"labels":{"a":"1","b":"2"},"resourceVersion":"7"},"spec":{"nodeName":"n1"}}"#
        )
    }

    @Test func `owner references survive JSON and back`() {
        let reference = OwnerReference(controller: KubeObject(GroupVersionKind(group: "apps", version: "v1", kind: "ReplicaSet"), name: "r"))
        #expect(OwnerReference(value: reference.value) == reference)
        #expect(OwnerReference(value: 3) == nil)
    }

    @Test(arguments: [("v1", "", "v1"), ("apps/v1", "apps", "v1"), ("a.b.c/v1beta1", "a.b.c", "v1beta1")])
    func `a group version is read from apiVersion`(_ text: String, _ group: String, _ version: String) {
        let parsed = GroupVersion(apiVersion: text)
        #expect(parsed == GroupVersion(group: group, version: version))
        #expect(parsed?.apiVersion == text)
    }

    @Test(arguments: ["", "/", "a/", "/v1", "a/b/c"])
    func `a malformed apiVersion is refused`(_ text: String) { #expect(GroupVersion(apiVersion: text) == nil) }
}
