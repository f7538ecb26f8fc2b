import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

struct StaticPodTests {
    private static func manifest(
        _ spec: String = "containers: [{name: c, image: i}]", name: String = "web", file: String = "web.yaml", more: String = ""
    ) throws(StaticPodProblem) -> StaticPodManifest {
        try read("apiVersion: v1\nkind: Pod\nmetadata: {name: \(name)\(more)}\nspec: {\(spec)}\n", file: file)
    }

    private static let head = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: "

    private static func read(_ text: String, file: String = "web.yaml") throws(StaticPodProblem) -> StaticPodManifest {
        try StaticPodManifest(file: file, bytes: Array(text.utf8), nodeName: "node-0", owner: "n-uid", now: Timestamp(seconds: 0))
    }

    @Test func `a file becomes a pod of its node that says where it comes from`() throws {
        let made = try Self.manifest(more: ", annotations: {own: kept}, uid: x")
        let pod = made.pod
        #expect(pod.name == "web-node-0" && pod.namespace == "default" && pod.string("spec", "nodeName") == "node-0" && pod.uid.isEmpty)
        #expect(
            pod.annotations == [
                "own": "kept", "kubernetes.io/config.hash": made.hash, "kubernetes.io/config.mirror": made.hash, "kubernetes.io/config.source": "file",
                "kubernetes.io/config.seen": "1970-01-01T00:00:00.000000000Z", "kdash.dev/manifest": "web.yaml",
            ])
        #expect(made.hash.utf8.count == 32)
        #expect(pod.array("metadata", "ownerReferences") == [["apiVersion": "v1", "kind": "Node", "name": "node-0", "uid": "n-uid", "controller": true]])
        #expect(pod.array("spec", "tolerations") == [["operator": "Exists", "effect": "NoExecute"]])
    }

    @Test func `another content or file is another hash`() throws {
        let hashes = try [
            Self.manifest(), Self.manifest("containers: [{name: c, image: j}]"), Self.manifest(file: "other.yaml"),
        ].map(\.hash)
        #expect(Set(hashes).count == 3)
        #expect(try Self.manifest().hash == hashes[0])
    }

    private static let bad: [(String, String)] = [
        ("apiVersion: v1\nkind: [\n", "web.yaml:3: "), ("", "web.yaml"), ("just text", "only a Pod"),
        ("apiVersion: v1\nkind: Service\n", "only a Pod of apiVersion v1"),
        ("apiVersion: v1\nkind: Pod\nspec: {}\n", "metadata.name is missing"),
        ("\(head){serviceAccountName: robot}\n", "a service account (robot)"),
        ("\(head){volumes: [{name: v, secret: {secretName: s}}]}\n", "volume v, secret"),
        (
            "\(head){containers: [{name: c, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}\n",
            "container c, secretKeyRef"
        ),
        ("\(head){containers: [{name: c, envFrom: [{configMapRef: {name: s}}]}]}\n", "container c, configMapRef"),
        ("\(head){nodeName: elsewhere}\n", "spec.nodeName is elsewhere"),
    ]

    @Test(arguments: bad)
    func `a file that makes no pod says why`(text: String, part: String) {
        let problem = #expect(throws: StaticPodProblem.self) { try Self.read(text) }
        #expect(problem?.description.contains(part) ?? false, "\(problem?.description ?? "")")
    }

    @Test(arguments: [("a.yaml", true), ("a.yml", true), ("a.json", true), (".a.yaml", false), ("a.yaml~", false), ("a.yaml.bak", false), ("readme", false)])
    func `copies of editors are no manifests`(name: String, isOne: Bool) { #expect(StaticPodManifest.isManifest(name) == isOne) }

    // MARK: The plan

    private static func names(_ pods: [KubeObject]) -> [String] { pods.map(\.name) }

    @Test func `a file without a pod gets one, a pod without a file goes`() throws {
        let (web, gone) = (try Self.manifest(), try Self.manifest(name: "gone", file: "gone.yaml"))
        let own = KubeObject(["metadata": ["name": "mine", "namespace": "default"]])
        let plan = StaticPodPlan(manifests: [web], broken: [], pods: [gone.pod, own])
        #expect(Self.names(plan.create) == ["web-node-0"] && Self.names(plan.delete) == ["gone-node-0"] && plan.problems.isEmpty)
        let settled = StaticPodPlan(manifests: [web], broken: [], pods: [web.pod, own])
        #expect(settled == StaticPodPlan(manifests: [], broken: [], pods: []))
    }

    @Test func `a file that changed replaces its pod once that has gone`() throws {
        let (old, new) = (try Self.manifest(), try Self.manifest("containers: [{name: c, image: j}]"))
        #expect(Self.names(StaticPodPlan(manifests: [new], broken: [], pods: [old.pod]).delete) == ["web-node-0"])
        var ending = old.pod
        ending["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let waiting = StaticPodPlan(manifests: [new], broken: [], pods: [ending])
        #expect(waiting.create.isEmpty && waiting.delete.isEmpty)
        #expect(Self.names(StaticPodPlan(manifests: [new], broken: [], pods: []).create) == ["web-node-0"])
    }

    @Test func `a file that is broken leaves its pod as it is`() throws {
        let plan = StaticPodPlan(manifests: [], broken: ["web.yaml"], pods: [try Self.manifest().pod])
        #expect(plan.delete.isEmpty)
    }

    @Test func `two files of one name and a pod that is not static are told`() throws {
        let (first, second) = (try Self.manifest(file: "a.yaml"), try Self.manifest(file: "b.yaml"))
        let twice = StaticPodPlan(manifests: [first, second], broken: [], pods: [])
        #expect(twice.create.count == 1 && twice.problems.map(\.description) == ["b.yaml: a.yaml has a pod of that name already; choose another metadata.name"])
        let taken = StaticPodPlan(manifests: [first], broken: [], pods: [KubeObject(["metadata": ["name": "web-node-0", "namespace": "default"]])])
        #expect(taken.create.isEmpty && taken.problems.first?.description.contains("not static") ?? false)
    }
}
