import APIMachinery
import KubeClient
import ObjectStore
import Testing

@testable import APIServer

@Suite struct ListBodyTests {
    private func object(_ name: String, _ revision: Int64, padding: Int) -> StoredObject {
        let head = "{\"metadata\":{"
        let text = "\(head)\"name\":\"\(name)\"},\"data\":\"\(String(repeating: "x", count: padding))\"}"
        return StoredObject(
            key: ObjectKey(group: "", resource: "configmaps", namespace: "default", name: name), revision: revision,
            bytes: Bytes(Array(text.utf8)), spliceOffset: head.utf8.count)
    }

    private func pieces(_ body: ListBody, maximum: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        while case .bytes(let piece) = body.poll(maximum: maximum) { pieces.append(piece) }
        return pieces
    }

    @Test(arguments: [1, 7, 100, 1000, 65536], [0, 1, 2, 40])
    func `pieces of any size join to the whole list`(maximum: Int, count: Int) {
        let items = (0..<count).map { object("n\($0)", Int64($0) * 977, padding: $0 % 5 * 90) }
        let whole = "{\"items\":[\(items.map { String(decoding: $0.rendered, as: UTF8.self) }.joined(separator: ","))]}"
        let body = ListBody(head: Array("{\"items\":[".utf8), items: items)
        #expect(body.count == whole.utf8.count)
        let pieces = pieces(body, maximum: maximum)
        #expect(String(decoding: pieces.joined(), as: UTF8.self) == whole)
        #expect(pieces.allSatisfy { !$0.isEmpty && $0.count <= maximum })
    }

    @Test(arguments: [9, 70, 65536]) func `items do not say again what their list says`(maximum: Int) {
        let head = "{\"kind\":\"Thing\",\"apiVersion\":\"g/v1\",\"metadata\":{"
        func typed(_ head: String, _ name: String) -> StoredObject {
            StoredObject(
                key: ObjectKey(group: "g", resource: "things", namespace: nil, name: name), revision: 12,
                bytes: Bytes(Array("\(head)\"name\":\"\(name)\"}}".utf8)), spliceOffset: head.utf8.count)
        }
        let other = "{\"kind\":\"Other\",\"apiVersion\":\"g/v1\",\"metadata\":{"
        let body = ListBody(
            head: [], items: [typed(head, "a"), typed(other, "b"), typed(head, "c")], of: GroupVersionKind(group: "g", version: "v1", kind: "Thing"))
        let revision = "\"resourceVersion\":\"12\""
        let whole = "{\"metadata\":{\(revision),\"name\":\"a\"}},\(other)\(revision),\"name\":\"b\"}},{\"metadata\":{\(revision),\"name\":\"c\"}}]}"
        #expect(body.count == whole.utf8.count)
        #expect(String(decoding: pieces(body, maximum: maximum).joined(), as: UTF8.self) == whole)
    }

    @Test func `a cancelled body ends and gives its objects up`() {
        let body = ListBody(head: [91], items: (0..<100).map { object("n\($0)", 7, padding: 100) })
        _ = body.poll(maximum: 500)
        body.cancel()
        #expect(pieces(body, maximum: 500).isEmpty)
    }

    @Test func `a body wakes at once`() async {
        await confirmation { woken in ListBody(head: [], items: []).onReady { woken() } }
    }
}
