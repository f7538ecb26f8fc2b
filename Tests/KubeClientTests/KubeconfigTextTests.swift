import JSONCore
import KubeClient
import Testing

private let entry = KubeconfigEntry(
    name: "kdash", server: "https://127.0.0.1:6443", certificateAuthority: "/var/lib/kdash/pki/ca.crt",
    clientCertificate: "/var/lib/kdash/pki/admin.crt", clientKey: "/var/lib/kdash/pki/admin.key")

private let busy = """
    # my clusters
    apiVersion: v1
    kind: Config
    preferences: {}
    clusters:
    # production, careful
    - cluster:
        certificate-authority-data: QUJD   # inline
        server: https://prod.example.com:6443
      name: prod
    - name: stage
      cluster: {server: "https://stage.example.com"}
    - cluster: {insecure-skip-tls-verify: true, server: https://10.0.0.9:6443}
      name: lab

    contexts:
    - context:
        cluster: prod
        user: me
        namespace: web
      name: prod
    - context: {cluster: stage, user: me}
      name: stage
    - {name: lab, context: {cluster: lab, user: robot}}
    current-context: prod   # leave this
    users:
    - name: me
      user:
        client-certificate: me.crt
        client-key: me.key
    - name: robot
      user: {token: abc}
    # the end

    """

struct KubeconfigTextTests {
    static let files: [String] = [
        busy, String(busy.dropLast()), busy.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n"),
        "", "\n", "# only a comment", "# only a comment\n", "---\n", "{}", "{}\n",
        "apiVersion: v1\nkind: Config\n", "apiVersion: v1\nkind: Config",
        "apiVersion: v1\nclusters: null\ncontexts: null\ncurrent-context: \"\"\nkind: Config\nusers: null\n",
        "apiVersion: v1\nclusters: []\ncontexts: []\ncurrent-context: \"\"\nkind: Config\npreferences: {}\nusers: []",
        "clusters:\ncontexts: ~ # none\nusers: null\ncurrent-context:\n", "clusters:\ncontexts:\nusers:\ncurrent-context: # pick\n",
        "users:\ncontexts:\nclusters:",
        "clusters:\n  - name: a\n    cluster: {server: x}\ncontexts:\n  - name: a\n    context: {cluster: a, user: a}\nusers:\n  - name: a\n    user: {token: \"}{\"}\ncurrent-context: 'a'",
        "{\"apiVersion\": \"v1\", \"clusters\": [{\"name\": \"a\", \"cluster\": {\"server\": \"x\"}}], \"contexts\": [], \"users\": [], \"current-context\": \"\"}",
        "{\n  \"kind\": \"Config\",\n  \"clusters\": [\n    {\"name\": \"a\", \"cluster\": {\"server\": \"x\"}}\n  ],\n  \"current-context\": \"a\"\n}\n",
        "{kind: Config, users: [{name: a, user: {token: b}}]}",
        "clusters: [{name: a, cluster: {server: x}}]\nusers: [\n  {name: a, user: {}}\n]\n",
        "contexts:\n- name: é\n  context: {cluster: é, user: é}\nclusters: # none yet\n\n# tail",
    ]

    @Test(arguments: files)
    func `an entry goes in and out and leaves the file as it was`(text: String) throws {
        let before = Array(text.utf8)
        let added = try #require(try KubeconfigText(before, path: "config").adding(entry))
        let value = try YAML.parseSingle(added).value
        for list in ["clusters", "contexts", "users"] {
            #expect(value[list]?.arrayValue?.filter { $0["name"] == "kdash" }.count == 1, "\(String(decoding: added, as: UTF8.self))")
        }
        let current = try YAML.parseSingle(before).value["current-context"]?.stringValue ?? ""
        #expect(value["current-context"] == .string(current.isEmpty ? "kdash" : current))
        #expect(try KubeconfigText(added, path: "config").adding(entry) == nil)
        let removed = try #require(try KubeconfigText(added, path: "config").removing(entry))
        #expect(String(decoding: removed, as: UTF8.self) == text, "through:\n\(String(decoding: added, as: UTF8.self))")
        #expect(try KubeconfigText(removed, path: "config").removing(entry) == nil)
    }

    @Test(arguments: files)
    func `a changed server rewrites only our cluster`(text: String) throws {
        var moved = entry
        moved.server = "https://127.0.0.1:7777"
        let added = try #require(try KubeconfigText(Array(text.utf8), path: "config").adding(entry))
        let updated = try #require(try KubeconfigText(added, path: "config").adding(moved))
        let clusters = try YAML.parseSingle(updated).value["clusters"]?.arrayValue ?? []
        #expect(clusters.filter { $0["name"] == "kdash" }.map { $0["cluster", "server"] } == ["https://127.0.0.1:7777"])
        let removed = try #require(try KubeconfigText(updated, path: "config").removing(moved))
        #expect(String(decoding: removed, as: UTF8.self) == text, "through:\n\(String(decoding: updated, as: UTF8.self))")
    }

    @Test(arguments: files)
    func `two clusters share a file and leave it in either order`(text: String) throws {
        var other = entry
        other.name = "kdash-0badcafe"
        other.certificateAuthority = "/tmp/other/ca.crt"
        other.clientCertificate = "/tmp/other/admin.crt"
        for order in [[entry, other], [other, entry]] {
            var bytes = Array(text.utf8)
            for one in [entry, other] { bytes = try #require(try KubeconfigText(bytes, path: "config").adding(one)) }
            for one in order { bytes = try #require(try KubeconfigText(bytes, path: "config").removing(one)) }
            // The first one became the current context; when it leaves first, the second one never did.
            #expect(String(decoding: bytes, as: UTF8.self) == text)
        }
    }

    @Test func `additions read as kubectl would write them`() throws {
        let added = try #require(try KubeconfigText(Array("apiVersion: v1\nclusters: []\n".utf8), path: "config").adding(entry))
        #expect(
            String(decoding: added, as: UTF8.self) == """
                apiVersion: v1
                clusters: [{"cluster": {"certificate-authority": "/var/lib/kdash/pki/ca.crt", "server": "https://127.0.0.1:6443"}, "name": "kdash"}]
                contexts: # added by kdash
                - context:
                    cluster: kdash
                    user: kdash
                  name: kdash
                users: # added by kdash
                - name: kdash
                  user:
                    client-certificate: /var/lib/kdash/pki/admin.crt
                    client-key: /var/lib/kdash/pki/admin.key
                current-context: kdash # added by kdash

                """)
    }

    @Test(arguments: [
        "clusters:\n- name: kdash\n  cluster: {server: mine}\n", "users:\n- name: kdash\n  user: {token: x}\n",
        "contexts:\n- name: kdash\n  context: {cluster: prod, user: me}\n", "clusters:\n- name: kdash\n",
    ])
    func `an entry of that name that is not ours is never replaced nor removed`(text: String) throws {
        let file = try KubeconfigText(Array(text.utf8), path: "config")
        let error = #expect(throws: KubeconfigError.self) { try file.adding(entry) }
        #expect(error?.code == .nameTaken)
        #expect(try file.removing(entry) == nil)
    }

    @Test func `what the user added to our context stays until purge`() throws {
        let added = try #require(try KubeconfigText(Array(busy.utf8), path: "config").adding(entry))
        var value = try YAML.parseSingle(added).value
        var contexts = value["contexts"]?.arrayValue ?? []
        contexts[0]["context", "namespace"] = "web"
        value["contexts"] = .array(contexts)
        // kubectl writes the whole file anew, without comments.
        let rewritten = Array(YAML.encode(value).utf8)
        #expect(try KubeconfigText(rewritten, path: "config").adding(entry) == nil)
        let removed = try #require(try KubeconfigText(rewritten, path: "config").removing(entry))
        #expect(try YAML.parseSingle(removed).value == YAML.parseSingle(busy).value)
    }

    @Test func `a current-context the user moved to ours is emptied when ours goes`() throws {
        let added = try #require(try KubeconfigText(Array(busy.utf8), path: "config").adding(entry))
        let moved = String(decoding: added, as: UTF8.self).replacing("current-context: prod", with: "current-context: kdash")
        let removed = try #require(try KubeconfigText(Array(moved.utf8), path: "config").removing(entry))
        #expect(String(decoding: removed, as: UTF8.self) == busy.replacing("current-context: prod", with: "current-context: \"\""))
    }

    @Test(arguments: [
        "- a", "text", "a: 1\n---\nb: 2", "a: [", "clusters: 1", "clusters:\n- cluster: {}", "clusters: &x []\nother: *x\n...\n",
    ])
    func `what is no kubeconfig, or not to be edited safely, is refused or left whole`(text: String) {
        do throws(KubeconfigError) {
            guard let added = try KubeconfigText(Array(text.utf8), path: "config").adding(entry) else { return }
            #expect(try KubeconfigText(added, path: "config").removing(entry) == Array(text.utf8))
        } catch {
            #expect([.malformed, .notEditable].contains(error.code))
            #expect(error.message.contains("config"))
        }
    }
}
