import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import ClusterOperations

@Suite struct HelmRollbackTests {
    private static let now = Timestamp(rfc3339: "2026-03-02T10:00:00Z")!

    private static func config(_ name: String, _ data: String, extra: String = "") -> String {
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: \(name)\(extra)}\ndata: \(data)\n"
    }

    private static let first = config("kept", "{mode: old, gone: x}") + config("lost", "{a: b}")
    private static let second =
        config("kept", "{mode: new, added: more}") + config("extra", "{c: d}")
        + config("stays", "{e: f}", extra: ", annotations: {helm.sh/resource-policy: keep}")

    private func write(_ version: Int64, _ status: String, _ manifest: String, _ server: OperationsServer) async throws {
        let release: JSONValue = [
            "name": "shop", "namespace": "default", "version": .integer(version),
            "info": ["first_deployed": "2026-03-01T10:00:00Z", "last_deployed": "2026-03-01T10:00:00Z", "status": .string(status), "description": "done"],
            "chart": ["metadata": ["name": "shop", "version": "1.0.0"]], "config": ["v": .integer(version)], "manifest": .string(manifest),
            "hooks": [["name": "before"]],
        ]
        let header = HelmRelease.Header(
            name: "shop", namespace: "default", version: version, status: status,
            keeper: ObjectTarget(Secret.resource, kind: "Secret", namespace: "default", name: ""))
        _ = try await server.client.create(
            Secret.resource, try HelmPacking.secret(release, header, times: ["createdAt": "1"]), namespace: "default")
    }

    /// A server whose release has two revisions, the second of which is installed and was edited by somebody.
    private func with(_ body: (OperationsServer) async throws -> Void) async throws {
        try await OperationsServer.with { server in
            try await write(1, "superseded", Self.first, server)
            try await write(2, "deployed", Self.second, server)
            try await server.apply(Self.second)
            _ = try await server.client.patch(
                ConfigMap.resource, namespace: "default", name: "kept", type: .merge, ["data": ["theirs": "z"]])
            try await body(server)
        }
    }

    private func target(_ version: Int64, _ server: OperationsServer) async throws -> HelmRelease.Header {
        try #require(try await HelmRelease.list(in: "default", server.client).first { $0.version == version })
    }

    @Test func `going back changes what the revisions differ in, and writes a new revision as Helm does`() async throws {
        try await with { server in
            let plan = try await HelmRollback.plan(to: try await target(1, server), server.client)
            #expect(
                plan.lines == [
                    "changes configmap kept", "creates configmap lost", "leaves configmap stays, whose chart asks for it to stay",
                    "deletes configmap extra, which only revision 2 has",
                ])
            #expect(plan.hooks == 1)
            #expect(try await plan.check(server.client) == "the server accepts 4 changes")
            #expect(try await server.object("ConfigMap", "kept")["data", "mode"] == "new", "a dry run changes nothing")
            #expect(try await plan.run(at: Self.now, server.client) == "release shop is back at revision 1, as revision 3; its 1 hooks were not run")

            #expect(try await server.object("ConfigMap", "kept")["data"] == ["mode": "old", "gone": "x", "theirs": "z"])
            #expect(try await server.object("ConfigMap", "lost")["data"] == ["a": "b"])
            #expect(try await server.object("ConfigMap", "stays")["data"] == ["e": "f"])
            await expectRefusal("not found") { _ = try await server.client.get(ConfigMap.resource, namespace: "default", name: "extra") }

            let all = try await HelmRelease.list(in: "default", server.client)
            #expect(all.map(\.version) == [3, 2, 1] && all.map(\.status) == ["deployed", "superseded", "superseded"])
            let secret = try await server.client.get(Secret.resource, namespace: "default", name: "sh.helm.release.v1.shop.v3")
            #expect(secret["type"] == "helm.sh/release.v1")
            #expect(
                secret.labels == ["name": "shop", "owner": "helm", "status": "deployed", "version": "3", "createdAt": "1772445600", "modifiedAt": "1772445600"])
            let written = try await HelmRelease.document(all[0], server.client)
            #expect(written["version"] == 3 && written["manifest"]?.stringValue == Self.first && written["config"] == ["v": 1])
            #expect(written["info", "description"] == "Rollback to 1" && written["info", "status"] == "deployed")
            #expect(written["info", "first_deployed"] == "2026-03-01T10:00:00Z" && written["info", "last_deployed"] == "2026-03-02T10:00:00Z")
            #expect(try await HelmRelease.document(all[1], server.client)["info", "status"] == "superseded")
        }
    }

    @Test func `a change that the server refuses leaves a failed revision that says why`() async throws {
        try await with { server in
            let plan = try await HelmRollback.plan(to: try await target(1, server), server.client)
            _ = try await server.client.patch(ConfigMap.resource, namespace: "default", name: "kept", type: .merge, ["immutable": true])
            await expectRefusal("immutable") { _ = try await plan.check(server.client) }
            await expectRefusal("0 of 4 changes were made") { _ = try await plan.run(at: Self.now, server.client) }
            let newest = try #require(try await HelmRelease.list(in: "default", server.client).first)
            #expect(newest.version == 3 && newest.status == "failed")
            #expect(try await HelmRelease.document(newest, server.client)["info", "description"]?.stringValue?.hasPrefix("Rollback \"shop\" failed") == true)
            #expect(try await target(2, server).status == "deployed", "what was deployed still is")
        }
    }

    @Test func `there is no way back to where one is, nor while something is under way, nor past a newer revision`() async throws {
        try await with { server in
            await expectRefusal("is the newest one already") { _ = try await HelmRollback.plan(to: try await target(2, server), server.client) }
            let plan = try await HelmRollback.plan(to: try await target(1, server), server.client)
            try await write(3, "pending-upgrade", Self.second, server)
            await expectRefusal("has a newer revision by now") { _ = try await plan.run(at: Self.now, server.client) }
            await expectRefusal("another operation is under way") { _ = try await HelmRollback.plan(to: try await target(1, server), server.client) }
        }
    }

    @Test(arguments: ["kind: [", "apiVersion: nobody/v1\nkind: Thing\nmetadata: {name: x}"])
    func `a manifest that cannot be applied is refused before anything is written`(manifest: String) async throws {
        try await OperationsServer.with { server in
            try await write(1, "superseded", manifest, server)
            try await write(2, "deployed", Self.second, server)
            await expectRefusal("revision 1") { _ = try await HelmRollback.plan(to: try await target(1, server), server.client) }
            #expect(try await HelmRelease.list(in: "default", server.client).count == 2)
        }
    }
}
