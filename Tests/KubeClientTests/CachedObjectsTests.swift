import APIMachinery
import JSONCore
import Testing

@testable import KubeClient

@Suite struct CachedObjectsTests {
    private func pod(_ number: Int, _ phase: String = "Running") -> KubeObject {
        KubeObject([
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string("p\(number)"), "namespace": "default", "uid": .string("u\(number)")],
            "spec": [
                "nodeName": .string("n\(number % 3)"),
                "containers": [["name": "main", "image": "registry.example/some/program:1.0", "resources": ["requests": ["cpu": "10m"]]]],
                "tolerations": [["key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300]],
            ],
            "status": ["phase": .string(phase), "podIP": .string("10.1.\(number / 250).\(number % 250)")],
        ])
    }

    private func key(_ number: Int) -> CachedObjects.Key { CachedObjects.Key(namespace: "default", name: "p\(number)") }

    private func filled(_ count: Int) -> CachedObjects {
        var cache = CachedObjects()
        cache.addIndex("node") { [$0.string("spec", "nodeName") ?? ""] }
        for number in 0..<count { cache.set(pod(number)) }
        return cache
    }

    @Test func `packed objects are what they were, and weigh little`() {
        var cache = filled(200)
        let weight = cache.weight
        cache.forgetTrees()
        cache.pack(cache.unpackedKeys())
        #expect(cache.weight < weight / 3, "\(cache.weight) of \(weight)")
        #expect(cache.unpackedKeys().isEmpty)
        for number in 0..<200 { #expect(cache.object(key(number)) == pod(number)) }
        #expect(cache.uid(key(7)) == "u7")
    }

    @Test func `packed objects are replaced, removed, indexed and packed again`() {
        var cache = filled(200)
        cache.forgetTrees()
        cache.pack(cache.unpackedKeys())
        for number in 0..<100 { cache.set(pod(number, "Failed")) }
        cache.remove(key(150))
        #expect(cache.keys(index: "node", value: "n0").count == (0..<200).filter { $0 % 3 == 0 && $0 != 150 }.count)
        #expect(cache.unpackedKeys().count == 100)
        cache.forgetTrees()
        cache.pack(cache.unpackedKeys() + [key(150), key(199)])
        #expect(cache.object(key(5))?.string("status", "phase") == "Failed")
        #expect(cache.object(key(199)) == pod(199))
        #expect(cache.object(key(150)) == nil)
        #expect(cache.count == 199)
    }

    @Test func `few objects are left as they are`() {
        var cache = filled(10)
        #expect(cache.unpackedKeys().isEmpty)
        #expect(cache.object(key(3)) == pod(3))
    }

    @Test func `what is no packed text is told apart`() {
        let text = [UInt8](#"{"kind":"Pod","metadata":{"name":"a"},"status":{"phase":"Running"}}"#.utf8)
        let packing = JSONPacking(model: text)
        let packed = packing.pack([text, [0x7B, 0x7D], []])
        #expect(packed[0].flatMap { packing.unpack($0, size: text.count) } == text)
        #expect(packed[1] == nil && packed[2] == nil, "too short to become smaller")
        #expect(packed[0].flatMap { packing.unpack($0, size: text.count - 1) } == nil)
        #expect(packed[0].flatMap { packing.unpack($0, size: text.count + 1) } == nil)
        #expect(packing.unpack(text, size: 10) == nil)
    }
}
