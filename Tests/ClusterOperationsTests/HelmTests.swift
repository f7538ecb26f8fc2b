import APIMachinery
import CDeflate
import JSONCore
import KubeClient
import KubeSchemas
import Testing

@testable import ClusterOperations

@Suite struct HelmTests {
    private static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        let compressor = libdeflate_alloc_compressor(6)
        defer { libdeflate_free_compressor(compressor) }
        let bound = libdeflate_gzip_compress_bound(compressor, bytes.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            count = libdeflate_gzip_compress(compressor, bytes, bytes.count, buffer.baseAddress, bound)
        }
    }

    private static func secret(_ version: Int, _ status: String, _ replicas: Int64) -> KubeObject {
        let release: JSONValue = [
            "name": "shop", "version": .integer(Int64(version)), "namespace": "default",
            "info": ["status": .string(status), "description": "Install complete", "notes": "Visit us", "last_deployed": "2026-03-01T10:00:00Z"],
            "chart": ["metadata": ["name": "shop", "version": "1.2.\(version)", "appVersion": "9"], "values": ["replicas": 1, "image": "demo:1"]],
            "config": ["replicas": .integer(replicas)], "manifest": .string("---\nkind: ConfigMap\ndata: {replicas: \"\(replicas)\"}\n"),
        ]
        let packed = Base64.encode(Array(Base64.encode(gzip(JSON.encode(release))).utf8))
        return KubeObject([
            "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
            "metadata": [
                "name": .string("sh.helm.release.v1.shop.v\(version)"),
                "labels": ["owner": "helm", "name": "shop", "version": .string("\(version)"), "status": .string(status)],
            ], "data": ["release": .string(packed)],
        ])
    }

    @Test func `releases are listed from their labels and unpacked when they are opened`() async throws {
        try await OperationsServer.with { server in
            for (version, status) in [(1, "superseded"), (2, "deployed")] {
                _ = try await server.client.create(Secret.resource, Self.secret(version, status, Int64(version)), namespace: "default")
            }
            try await server.apply("{apiVersion: v1, kind: Secret, metadata: {name: other, labels: {owner: me}}}")
            let headers = try await HelmRelease.list(in: nil, server.client)
            #expect(headers.map(\.version) == [2, 1] && headers.map(\.status) == ["deployed", "superseded"] && headers[0].name == "shop")
            let release = try await HelmRelease.read(headers[0], server.client)
            #expect(release.chart == "shop-1.2.2" && release.appVersion == "9" && release.notes == "Visit us")
            #expect(release.values == ["replicas": 2] && release.defaults["image"] == "demo:1" && release.manifest.contains("replicas: \"2\""))
        }
    }

    @Test(
        arguments: [[], [0x1f, 0x8b], Array("e30=".utf8), Array("%%%".utf8), Array(Base64.encode([0x1f, 0x8b] + [UInt8](repeating: 0xff, count: 40)).utf8)]
            as [[UInt8]])
    func `a damaged release is refused with its name`(packed: [UInt8]) async {
        let header = HelmRelease.Header(
            name: "shop", namespace: "default", version: 3, status: "deployed",
            keeper: ObjectTarget(Secret.resource, kind: "Secret", namespace: "default", name: "s"))
        if packed == Array("e30=".utf8) {
            #expect((try? HelmRelease(HelmRelease.unpack(packed, header), header))?.chart == "?-?", "an empty release shows as one")
        } else {
            await expectRefusal("revision 3 of release shop") { _ = try HelmRelease.unpack(packed, header) }
        }
    }

    @Test func `what unpacks to more than is allowed is refused before memory is taken`() {
        let bomb = Self.gzip([UInt8](repeating: 0, count: 4 << 20))
        #expect(Gunzip.unpack(bomb)?.count == 4 << 20)
        #expect(Gunzip.unpack(bomb, limit: 1 << 20) == nil)
        var lying = bomb
        lying.replaceSubrange(lying.count - 4..<lying.count, with: [1, 0, 0, 0])
        #expect(Gunzip.unpack(lying) == nil)
    }
}
