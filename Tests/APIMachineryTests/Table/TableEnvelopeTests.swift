import APIMachinery
import JSONCore
import Testing

@Suite struct TableEnvelopeTests {
    @Test func `a table holds columns and rows with as much of the object as asked for`() throws {
        let pod = try json(#"{"kind":"Pod","metadata":{"name":"a"},"spec":{}}"#)
        let column = TableColumn(name: "Name", format: "name", description: "The name.")
        let row = TableEnvelope.row(cells: ["a"], object: pod, include: .metadata)
        #expect(
            TableEnvelope.table(columns: [column], rows: [row], metadata: ["resourceVersion": "5"])
                == (try json(
                    #"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"5"},"columnDefinitions":[{"name":"Name","type":"string","format":"name","description":"The name.","priority":0}],"rows":[{"cells":["a"],"object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a"}}}]}"#
                )))
        #expect(TableEnvelope.row(cells: [], object: pod, include: .object)["object"] == pod)
        #expect(TableEnvelope.row(cells: [], object: pod, include: .none)["object"] == .null)
        #expect(TableEnvelope.table(columns: nil, rows: [])["columnDefinitions"] == [])
    }

    @Test func `includeObject is read from the query`() throws {
        #expect(try TableObject(query: nil) == .metadata)
        #expect(try TableObject(query: "") == .metadata)
        #expect(try TableObject(query: "None") == .none)
        #expect(try TableObject(query: "Object") == .object)
        #expect(throws: APIStatus.self) { try TableObject(query: "object") }
    }

    @Test func `a metadata list keeps only metadata`() {
        let list = PartialObjectMetadata.list([["metadata": ["name": "a"], "spec": [:]]], metadata: ["resourceVersion": "1"])
        #expect(list["items"]?[0] == ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": ["name": "a"]])
    }
}
