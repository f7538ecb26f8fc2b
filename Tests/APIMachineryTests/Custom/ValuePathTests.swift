import JSONCore
import Testing

@testable import APIMachinery

@Suite struct ValuePathTests {
    private let object: JSONValue = [
        "metadata": ["name": "x", "annotations": ["example.com/a": "yes"]],
        "spec": ["replicas": 3, "ports": [["name": "a", "port": 80], ["name": "b", "port": 443]]],
        "status": ["conditions": [["type": "Ready", "status": "True"], ["type": "Synced", "status": "False"]]],
    ]

    @Test(arguments: [
        (".spec.replicas", ["3"]), (".status.conditions[?(@.type==\"Ready\")].status", ["\"True\""]),
        (".status.conditions[?(@.type=='Synced')].status", ["\"False\""]), (".spec.ports[*].port", ["80", "443"]), (".spec.ports[1].name", ["\"b\""]),
        (".spec.ports[-1].port", ["443"]), (".spec.ports[0:1].name", ["\"a\""]), (".metadata.annotations['example.com/a']", ["\"yes\""]),
        (".metadata.annotations.example\\.com/a", ["\"yes\""]), ("..port", ["80", "443"]), (".spec.ports[?(@.port>100)].name", ["\"b\""]),
        (".spec.missing", []), (".spec.replicas.below", []), ("{.metadata.name}", ["\"x\""]), (".spec.ports[9].name", []),
        (".spec.ports[?(@.name)].port", ["80", "443"]),
    ])
    func `a path finds what kubectl's does`(_ path: String, _ expected: [String]) throws {
        #expect(try ValuePath(parsing: path).values(in: object).map(\.description) == expected)
    }

    @Test(arguments: ["", ".", ".a..", ".a[", ".a[?(@.b==]", ".a['b]", ".a b", ".a[x]", ".a[?(b)]", "a", ".a[99999999999999999999]", ".a[?(@.b==zz)]"])
    func `what is no path is refused`(_ path: String) {
        if path == "." { return #expect((try? ValuePath(parsing: path))?.fields == []) }
        #expect(throws: ValuePathError.self) { _ = try ValuePath(parsing: path) }
    }

    @Test func `only plain fields make a field path`() throws {
        #expect(try ValuePath(parsing: ".spec.a.b").fields == ["spec", "a", "b"])
        #expect(try ValuePath(parsing: ".spec.a[0]").fields == nil)
    }

    @Test func `columns show what the definition asks for`() {
        let columns = CustomColumns([
            ["name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"],
            ["name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status", "priority": 1],
            ["name": "Ports", "type": "string", "jsonPath": ".spec.ports"], ["name": "Gone", "type": "string", "jsonPath": ".spec.gone"],
            ["name": "Since", "type": "date", "jsonPath": ".metadata.creationTimestamp"],
            ["name": "Wrong", "type": "integer", "jsonPath": ".metadata.name"],
        ])
        var subject = KubeObject(object)
        subject["metadata", "creationTimestamp"] = "2026-01-01T00:00:00Z"
        let cells = columns.cells(subject) { _ in "5m" }
        #expect(
            cells == [
                "x", 3, "True", "[{\"name\":\"a\",\"port\":80},{\"name\":\"b\",\"port\":443}]", .null, "5m", .null,
            ])
        #expect(columns.definitions.map(\.name) == ["Name", "Replicas", "Ready", "Ports", "Gone", "Since", "Wrong"])
        #expect(columns.definitions[2].priority == 1)
        #expect(CustomColumns([]).definitions.map(\.name) == ["Name", "Age"])
    }
}
