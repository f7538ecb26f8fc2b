import Testing

@testable import ObjectStore

struct StoredObjectTests {
    private func render(_ json: String, _ offset: Int?) -> String {
        let object = StoredObject(key: .pod("a"), revision: 42, bytes: Bytes(Array(json.utf8)), spliceOffset: offset)
        return String(decoding: object.rendered, as: UTF8.self)
    }

    @Test(arguments: [
        (#"{"metadata":{"name":"a"}}"#, 13, #"{"metadata":{"resourceVersion":"42","name":"a"}}"#),
        (#"{"metadata":{"name":"a"}}"#, 23, #"{"metadata":{"name":"a","resourceVersion":"42"}}"#),
        (#"{"metadata":{"name":"a","uid":"u"}}"#, 23, #"{"metadata":{"name":"a","resourceVersion":"42","uid":"u"}}"#),
        (#"{"metadata":{}}"#, 13, #"{"metadata":{"resourceVersion":"42"}}"#),
    ])
    func `the resource version is put where it belongs`(json: String, offset: Int, expected: String) {
        #expect(render(json, offset) == expected)
    }

    @Test(arguments: [0, 7, 10, 99, 100, 12345, Int64.max], [nil, 0, 12, 13, 23, 1000])
    func `the rendered length is known in advance`(revision: Int64, offset: Int?) {
        for json in [#"{"metadata":{"name":"a"}}"#, #"{"metadata":{}}"#, "{}"] {
            let object = StoredObject(key: .pod("a"), revision: revision, bytes: Bytes(Array(json.utf8)), spliceOffset: offset)
            #expect(object.renderedCount == object.rendered.count)
        }
    }

    @Test(arguments: [nil, -1, 0, 2, 1000])
    func `an offset that lies outside leaves the value as it is`(offset: Int?) {
        #expect(render("{}", offset) == "{}")
    }

    @Test func `a key knows its parts`() {
        let key = ObjectKey(group: "apps", resource: "deployments", namespace: "default", name: "web")
        #expect(key.string == "apps/deployments/default/web")
        #expect(key.name == "web" && key.namespace == "default")
        let node = ObjectKey(group: "", resource: "nodes", namespace: nil, name: "n")
        #expect(node.string == "/nodes//n")
        #expect(node.name == "n" && node.namespace == nil)
        #expect(node.hasPrefix(ObjectKey.prefix(group: "", resource: "nodes", namespace: nil)))
        #expect(ObjectKey(string: "odd").name == "")
    }
}
