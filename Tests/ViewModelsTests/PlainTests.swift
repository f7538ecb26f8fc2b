import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Synchronization
import Testing

@testable import ViewModels

@Suite struct PlainTests {
    private let server = MemoryServer()

    /// What a session says to these lines.
    private func said(_ lines: [String], gate: ContextGate = .open, transport: (any KubeTransport)? = nil) async -> [String] {
        let input = PlainInput()
        for line in lines { await input.feed(line) }
        await input.feed(nil)
        let said = Mutex<[String]>([])
        let client = transport.map { KubeClient(transport: $0, gate: gate) } ?? server.client(gate: gate)
        let session = PlainSession(client: client, context: "kdash", server: "memory", namespace: "default", input: input) { line in
            said.withLock { $0.append(line) }
        }
        await session.run()
        return said.withLock { Array($0.dropFirst()) }
    }

    private func put(_ name: String, _ note: String = "x") {
        server.put(
            "/api/v1/namespaces/default/configmaps/\(name)",
            [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": ["name": .string(name), "namespace": "default", "uid": .string("u-\(name)"), "managedFields": [["a": 1]]],
                "data": ["note": .string(note)],
            ])
    }

    @Test func `a table is one line an object, each value with its heading`() throws {
        let value: JSONValue = [
            "kind": "Table",
            "columnDefinitions": [["name": "Name"], ["name": "Ready"], ["name": "Age"], ["name": "IP", "priority": 1]],
            "rows": [
                ["cells": ["web-1", "1/1", "5m", "10.0.0.1"], "object": ["metadata": ["name": "web-1", "namespace": "shop"]]],
                ["cells": ["\u{1B}[31mx", .null, 3, ""], "object": ["metadata": ["name": "\u{1B}[31mx", "namespace": "shop"]]],
            ],
        ]
        let table = try #require(ServerTable(value))
        #expect(PlainText.rows(table, showsNamespace: true) == ["shop/web-1, ready 1/1, age 5m", "shop/ [31mx, age 3"])
        #expect(PlainText.rows(table, showsNamespace: false)[0] == "web-1, ready 1/1, age 5m")
    }

    @Test func `an object is told value by value, without what managers keep`() async {
        put("settings", "line one")
        let lines = await said(["describe cm settings"])
        #expect(lines.first == "ConfigMap settings")
        #expect(lines.contains("data.note: line one"))
        #expect(!lines.contains { $0.contains("managedFields") })
        #expect(lines.last == "0 events")
    }

    @Test func `a protected context is unlocked by its name and locked again`() async {
        put("settings")
        let gate = ContextGate(context: "kdash", mode: .protected(canUnlock: true))
        let lines = await said(
            ["delete cm settings", "settings", "unlock", "wrong", "where", "unlock", "kdash", "where", "delete cm settings", "settings", "lock"], gate: gate)
        #expect(lines[1].contains("unlock the context for 15 minutes"))
        #expect(lines[2] == "unlock context kdash at memory for 15 minutes? type kdash")
        #expect(lines[3] == "it stays as it is: that is not its name" && lines[4].hasSuffix("protected"))
        #expect(lines[6] == "context kdash is writable for 15 minutes; lock ends that" && lines[7].contains("writable for 1"))
        #expect(server.writes.count == 1 && lines.last == "context kdash is protected" && !gate.isWritable)
        #expect(await said(["unlock"]) == ["kdash made this cluster: changes pass"])
        #expect(await said(["unlock"], gate: ContextGate(context: "kdash", mode: .readonly))[0].contains("--readonly"))
    }

    @Test func `why knows every kind, and an answer to no question runs nothing`() async {
        server.put(
            "/apis/apps/v1/namespaces/default/deployments/web",
            [
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "default", "uid": "u-web"],
                "spec": ["replicas": 0],
            ])
        server.putDiscovery()
        for line in ["why deploy web", "why deploy/web", "why deploy default/web"] {
            #expect(await said([line]).contains { $0.contains("it asks for no pods: spec.replicas is 0") }, "\(line)")
        }
        #expect(await said(["apply /nowhere/at/all.yaml", "y", "yes"]).suffix(2) == ["nothing was asked", "nothing was asked"])
    }

    @Test func `colours and titles that a program writes are no part of what is said`() {
        let line = "\u{1B}[31mred\u{1B}[0m \u{1B}]0;title\u{07}end"
        #expect(PlainText.safe(PluginRunner.withoutEscapes(line)) == "red end")
    }

    @Test func `deleting takes the name typed again, and the very object`() async {
        put("settings")
        #expect(await said(["delete cm settings", "yes"]).last == "nothing was deleted")
        #expect(server.object("/api/v1/namespaces/default/configmaps/settings") != nil)
        #expect(await said(["delete cm/settings", "settings"]).last == "ConfigMap default/settings is deleted")
        #expect(server.object("/api/v1/namespaces/default/configmaps/settings") == nil)
    }

    @Test func `a read-only session changes nothing`() async {
        put("settings")
        let lines = await said(["delete cm settings", "settings"], gate: ContextGate(context: "kdash", mode: .readonly))
        #expect(lines.last?.hasPrefix("error: ") == true, "\(lines)")
        #expect(server.object("/api/v1/namespaces/default/configmaps/settings") != nil)
    }

    @Test(arguments: [
        ("lst pods", "there is no command lst; did you mean list?; help lists all"), ("list podz", "error: the server has no kind podz; did you mean pods?"),
        ("describe cm", "error: describe what? for example: describe pod web-1"), ("apply /nonexistent", "error: open(/nonexistent)"),
        ("apply /dev/null", "error: open(/dev/null)"), ("use", "use which namespace? use all for all of them"),
        ("logs x --tail y", "--tail takes a number of lines"), ("describe cm nothing", "error: "),
    ])
    func `what cannot be done is said in one line`(line: String, answer: String) async {
        let lines = await said([line])
        #expect(lines.count == 1 && lines[0].hasPrefix(answer), "\(lines)")
    }

    @Test func `quit ends it, and so does the end of the input`() async {
        #expect(await said(["quit", "where"]).isEmpty)
        #expect(await said(["where"]) == ["context kdash, namespace default, writable"])
    }

    @Test func `requests are made as somebody else when that is wanted`() async throws {
        put("settings")
        let someone = try #require(Impersonation(user: "jane", groups: ["dev", "ops"]))
        let transport = server.client().transport.impersonating(someone)
        _ = await said(["yaml cm settings"], transport: transport)
        let headers = server.requests.last?.headers.map { "\($0.0): \($0.1)" }
        #expect(headers == ["impersonate-user: jane", "impersonate-group: dev", "impersonate-group: ops"])
        #expect(Impersonation(user: "a\r\nx: y") == nil && Impersonation(user: "") == nil && Impersonation(user: "a", groups: ["\n"]) == nil)
        #expect(someone.text == "jane (dev, ops)")
    }
}
