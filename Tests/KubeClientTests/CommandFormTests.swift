import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

struct CommandFormTests {
    private static let web = GroupVersionResource(group: "apps", version: "v1", resource: "deployments")

    /// What the log keeps of the last request that `call` sends.
    private func sent(_ call: (KubeClient) async throws -> Void) async throws -> SentRequest {
        let server = FakeServer { _ in .json(["kind": "Deployment", "metadata": ["name": "web"]]) }
        let log = RequestLog(time: ManualTimeSource(at: Timestamp(seconds: 0)))
        log.recordsReads = true
        try await call(server.client().observed(context: "my ctx", log: log, time: ManualTimeSource(at: Timestamp(seconds: 0))))
        return try #require(log.entries.last)
    }

    @Test func `deletions name the object, its grace and its cascade`() async throws {
        let entry = try await sent {
            _ = try await $0.delete(
                Self.web, namespace: "shop", name: "web", DeleteOptions(gracePeriodSeconds: 0, uid: "u1", propagation: .orphan))
        }
        let form = KubectlForm(entry)
        #expect(
            form.command
                == "kubectl --context 'my ctx' delete deployments.apps web --namespace shop --grace-period=0 --force --cascade=orphan --wait=false")
        #expect(form.notes == ["kubectl cannot say that the object must still have uid u1; the curl form does"])
        #expect(
            CurlForm.command(entry)
                == "curl --silent --show-error --request DELETE --header 'Content-Type: application/json' --data-binary '{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"gracePeriodSeconds\":0,\"preconditions\":{\"uid\":\"u1\"},\"propagationPolicy\":\"Orphan\"}' http://127.0.0.1:8001/apis/apps/v1/namespaces/shop/deployments/web"
        )
    }

    @Test func `well known patches have kubectl's own verbs`() async throws {
        let scale = try await sent {
            _ = try await $0.patch(Self.web, namespace: "shop", name: "web", type: .merge, ["spec": ["replicas": 3]], subresource: "scale")
        }
        #expect(KubectlForm(scale).command == "kubectl --context 'my ctx' scale deployments.apps/web --namespace shop --replicas=3")
        let restart = try await sent {
            _ = try await $0.patch(
                Self.web, namespace: "shop", name: "web", type: .strategicMerge,
                ["spec": ["template": ["metadata": ["annotations": ["kubectl.kubernetes.io/restartedAt": "now"]]]]])
        }
        #expect(KubectlForm(restart).command == "kubectl --context 'my ctx' rollout restart deployments.apps/web --namespace shop")
        let nodes = GroupVersionResource(group: "", version: "v1", resource: "nodes")
        for (isOn, verb) in [(true, "cordon"), (false, "uncordon")] {
            let entry = try await sent {
                _ = try await $0.patch(nodes, namespace: nil, name: "n1", type: .strategicMerge, ["spec": ["unschedulable": .bool(isOn)]])
            }
            #expect(KubectlForm(entry).command == "kubectl --context 'my ctx' \(verb) n1")
        }
    }

    @Test func `other patches, applies and creations carry their body`() async throws {
        let patch = try await sent {
            _ = try await $0.patch(Self.web, namespace: "shop", name: "web", type: .merge, ["metadata": ["labels": ["a": "it's"]]])
        }
        #expect(
            KubectlForm(patch).command
                == "kubectl --context 'my ctx' patch deployments.apps/web --namespace shop --type=merge --patch '{\"metadata\":{\"labels\":{\"a\":\"it'\\''s\"}}}'"
        )
        let apply = try await sent {
            _ = try await $0.patch(
                Self.web, namespace: "shop", name: "web", type: .apply, ["kind": "Deployment"],
                options: WriteOptions(isDryRun: true, fieldManager: "kdash", isForced: true))
        }
        #expect(
            KubectlForm(apply).command
                == "kubectl --context 'my ctx' apply --server-side --force-conflicts --namespace shop --dry-run=server --field-manager=kdash -f - <<'EOF'\n{\n  \"kind\": \"Deployment\"\n}\nEOF"
        )
        let create = try await sent { _ = try await $0.create(Self.web, KubeObject(["kind": "Deployment"]), namespace: "shop") }
        #expect(KubectlForm(create).command.hasPrefix("kubectl --context 'my ctx' create --namespace shop -f - <<'EOF'\n"))
        let eviction = try await sent {
            _ = try await $0.createSubresource(podResource, namespace: "shop", name: "p", subresource: "eviction", ["kind": "Eviction"])
        }
        #expect(
            KubectlForm(eviction).command.hasPrefix("kubectl --context 'my ctx' create --raw /api/v1/namespaces/shop/pods/p/eviction -f - <<'EOF'\n"))
    }

    @Test func `sessions and reads are told, too`() async throws {
        let server = FakeServer()
        let log = RequestLog(time: ManualTimeSource(at: Timestamp(seconds: 0)))
        let client = server.client().observed(context: "c", log: log, time: ManualTimeSource(at: Timestamp(seconds: 0)))
        _ = try? await client.exec(ExecRequest(namespace: "shop", pod: "p", container: "app", command: ["sh", "-c", "echo $HOME"], stdin: true, tty: true))
        let exec = try #require(log.entries.last)
        #expect(KubectlForm(exec).command == "kubectl --context c exec --stdin --tty --namespace shop p --container app -- sh -c 'echo $HOME'")
        #expect(exec.outcome == .answered(code: 400, message: "no sessions here", after: .zero))
        #expect(log.entries.count == 1, "reads are not kept unless asked for")
        let list = try await sent { _ = try await $0.list(podResource, namespace: nil, ListOptions(limit: 5)) }
        #expect(KubectlForm(list).command == "kubectl --context 'my ctx' get pods --all-namespaces --output yaml")
    }

    @Test func `values of Secrets are never kept`() async throws {
        let secrets = GroupVersionResource(group: "", version: "v1", resource: "secrets")
        let object = KubeObject([
            "kind": "Secret", "metadata": ["name": "s", "annotations": ["kubectl.kubernetes.io/last-applied-configuration": "{hunter2}"]],
            "data": ["password": "aHVudGVyMg=="], "stringData": ["token": "hunter2"],
        ])
        let entries = [
            try await sent { _ = try await $0.create(secrets, object, namespace: "shop") },
            try await sent {
                _ = try await $0.patch(secrets, namespace: "shop", name: "s", type: .merge, ["data": ["password": "aHVudGVyMg=="]])
            },
            try await sent {
                _ = try await $0.patch(
                    secrets, namespace: "shop", name: "s", type: .json, [["op": "add", "path": "/data/x", "value": "aHVudGVyMg=="]])
            },
            try await sent { _ = try await $0.create(podResource, KubeObject(["kind": "List", "items": [object.value]]), namespace: "shop") },
        ]
        for entry in entries {
            let text = KubectlForm(entry).command + CurlForm.command(entry)
            #expect(entry.hidesValues && !text.contains("hunter2") && !text.contains("aHVudGVyMg"), "\(text)")
            #expect(KubectlForm(entry).notes.first?.contains("hidden") == true)
        }
    }

    @Test(arguments: [
        "", "plain", "two words", "it's", "$HOME `id` \\ \"", "line\nbreak", "tab\tand\u{1B}]0;title\u{7}", "ünï ✓", "\u{202E}right to left", "-n",
        "!x*?[a]{b,c}~#&;|<>()",
    ])
    func `a quoted word is what the shell reads`(text: String) async throws {
        let directory = "/tmp/kd-quote-\(SecureRandom.hex(6))"
        try FileSystem.makeDirectories(directory)
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        let script = "printf %s \(ShellText.word(text)) > \(directory)/out\n\(ShellText.heredoc("cat > \(directory)/heredoc", text))\n"
        #expect(!ShellText.word(text).unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
        try FileSystem.writeAtomically("\(directory)/script", Array(script.utf8))
        let child = try ChildProcess.start("/bin/bash", arguments: ["bash", "\(directory)/script"])
        #expect(try await child.waitUntilExit().status == 0)
        #expect(try FileSystem.readFile("\(directory)/out") == Array(text.utf8))
        #expect(try FileSystem.readFile("\(directory)/heredoc") == Array("\(text)\n".utf8))
    }

    @Test func `the log is bounded and tells of what it keeps`() async throws {
        let log = RequestLog(time: ManualTimeSource(at: Timestamp(seconds: 0)))
        for number in 0..<(RequestLog.capacity + 20) {
            _ = log.begin(APIRequest(.delete, path: "/api/v1/namespaces/n\(number)", body: []), context: "c")
        }
        #expect(log.entries.count == RequestLog.capacity && log.entries.first?.id == 21)
        let long = APIRequest(.put, path: "/api/v1/namespaces/n", contentType: "application/json", body: [UInt8](repeating: 32, count: 100_000))
        let id = try #require(log.begin(long, context: "c"))
        let entry = try #require(log.entry(id))
        #expect(entry.lacksBody && entry.body.isNull)
        #expect(KubectlForm(entry).notes == ["the body of 100000 bytes was not kept: put it in place of BODY"])
    }
}
