import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Logging
import ObjectStore
import Testing

@testable import APIServer

struct MetricsTests {
    @Test func `requests, objects and the process are measured`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.get, pods)
            _ = try await api.call(.get, "\(pods)/none")
            _ = try await api.call(.post, configMaps, TestServer.configMap("a"))
            let answer = try await api.call(.get, "/metrics")
            let text = answer.value.stringValue ?? ""
            #expect(answer.response.contentType.hasPrefix("text/plain; version=0.0.4"))
            func has(_ line: String) -> Bool { text.split(separator: "\n").contains { $0 == line } }
            let labels = "component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"pods\",scope=\"namespace\",subresource=\"\",verb=\"LIST\",version=\"v1\""
            #expect(has("apiserver_request_total{code=\"200\",\(labels)} 1"))
            #expect(has("apiserver_request_duration_seconds_count{\(labels)} 1"))
            #expect(has("apiserver_request_duration_seconds_bucket{\(labels),le=\"+Inf\"} 1"))
            #expect(text.contains("apiserver_request_total{code=\"404\""))
            #expect(text.contains("verb=\"POST\""))
            #expect(has("apiserver_storage_objects{resource=\"configmaps\"} 1"))
            #expect(text.contains("\nprocess_resident_memory_bytes "))
            #expect(has("apiserver_current_inflight_requests{request_kind=\"mutating\"} 0"))
            // Every sample has a type before it, and a number at its end.
            var known: Set<String> = []
            for line in text.split(separator: "\n") {
                if line.hasPrefix("# TYPE ") { known.insert(String(line.split(separator: " ")[2])) }
                guard !line.hasPrefix("#") else { continue }
                let name = String(line.prefix { $0 != "{" && $0 != " " })
                let base = ["_bucket", "_sum", "_count"].reduce(name) { $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0 }
                #expect(known.contains(name) || known.contains(base), "\(line)")
                #expect(Double(line.split(separator: " ").last ?? "") != nil, "\(line)")
            }
        }
    }

    @Test func `health tells each check, and leaves out what it is told to`() async throws {
        try await TestServer.with { api async throws in
            func text(_ path: String) async throws -> String { try await api.call(.get, path).value.stringValue ?? "" }
            #expect(try await text("/livez") == "ok")
            #expect(try await text("/healthz?verbose").contains("[+]etcd ok\n"))
            #expect(try await text("/readyz?verbose").hasSuffix("readyz check passed\n"))
            #expect(try await text("/readyz?verbose&exclude=etcd").contains("[+]etcd excluded: ok\n"))
            #expect(try await text("/livez?verbose&exclude=foo").contains("warn: some health checks cannot be excluded: no matches for \"foo\"\n"))
            #expect(try await text("/livez/ping") == "ok")
            for path in ["healthz", "livez", "readyz"] { #expect(try await text("/\(path)/etcd") == "ok") }
            #expect(try await text("/livez/poststarthook/bootstrap") == "ok")
            #expect(try await api.call(.get, "/livez/foo").status == 404)
            #expect(try await api.call(.get, "/readyz", as: .anonymous).status == 200)
            #expect(try await api.call(.get, "/metrics", as: .anonymous).status == 403)
            api.store.close()
            let failed = try await api.call(.get, "/livez")
            #expect(failed.status == 500)
            #expect(failed.value.stringValue?.contains("[-]etcd failed: reason withheld\n") == true)
        }
    }

    @Test func `the audit log has a line for each request and no secret`() async throws {
        let directory = "/tmp/kdash-audit-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        try await TestServer.with(auditLog: "\(directory)/audit.log") { api async throws in
            let secret = "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"s\"},\"stringData\":{\"password\":\"hunter2\"}}"
            #expect(try await api.call(.post, "/api/v1/namespaces/default/secrets", secret).status == 201)
            _ = try await api.call(.get, pods, as: RBACTests.bob, headers: [("impersonate-user", "ann")])
            _ = try await api.call(.get, "\(pods)/p/exec?command=hunter2", as: RBACTests.bob)
            let audit = try #require(api.server.core.audit)
            audit.flush()
            let text = try FileSystem.readText("\(directory)/audit.log")
            let events = try text.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
            // What may last has a line for its beginning too.
            #expect(events.map { $0["stage"] } == ["ResponseComplete", "ResponseComplete", "ResponseStarted", "ResponseComplete"])
            #expect(!text.contains("hunter2"))
            #expect(events[0]["verb"] == "create")
            #expect(events[0]["level"] == "Metadata")
            #expect(events[0]["stage"] == "ResponseComplete")
            #expect(events[0]["responseStatus", "code"] == 201)
            #expect(events[0]["objectRef", "resource"] == "secrets")
            #expect(events[1]["impersonatedUser"] == nil)
            #expect(events[1]["annotations", "authorization.k8s.io/decision"] == "forbid")
        }
    }

    @Test func `the audit log begins a new file when one is full and keeps the last ones`() throws {
        let directory = "/tmp/kdash-audit-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        let log = AuditLog(
            path: "\(directory)/a", limits: .init(file: 100, files: 2, waiting: 1000),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        for number in 0..<10 {
            log.append(Array("line \(number) \(String(repeating: "x", count: 50))".utf8))
            log.flush()
        }
        #expect(try FileSystem.names(in: directory).sorted() == ["a", "a.1", "a.2"])
        #expect(try FileSystem.readText("\(directory)/a").hasPrefix("line 9"))
        #expect(try FileSystem.readText("\(directory)/a.2").hasPrefix("line 7"))
        log.append([UInt8](repeating: 65, count: 2000))
        log.flush()
        #expect(try FileSystem.readText("\(directory)/a").hasPrefix("line 9"))
    }
}
