import APIMachinery
import ContainerImages
import JSONCore
import KubeSchemas
import LinuxKernel

/// Why a file of the manifest folder makes no pod; `description` names it and says what to do.
struct StaticPodProblem: Error, Sendable, Hashable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// One file of the manifest folder as the pod that stands for it in the API. Pure.
///
/// Source: the kubelet's file source (`pkg/kubelet/config/common.go`): names, annotations, tolerations, and what such a pod may not refer to.
struct StaticPodManifest: Sendable, Hashable {
    static let mirror = "kubernetes.io/config.mirror"
    static let hash = "kubernetes.io/config.hash"
    static let source = "kubernetes.io/config.source"
    static let seen = "kubernetes.io/config.seen"
    /// Ours: the file's name.
    static let file = "kdash.dev/manifest"

    /// The file's name in the folder.
    let file: String
    /// Differs whenever the file or the node does.
    let hash: String
    /// What is created.
    let pod: KubeObject

    /// Reads a file's bytes.
    /// - Parameters:
    ///   - owner: the uid of the node's object, when it is known.
    ///   - now: when the file was found.
    init(file: String, bytes: [UInt8], nodeName: String, owner: String?, now: Timestamp) throws(StaticPodProblem) {
        let document: YAMLDocument
        do throws(YAMLError) { document = try YAML.parseSingle(bytes) } catch {
            throw StaticPodProblem("\(file):\(error.mark.line + 1): \(error.message)")
        }
        guard document.value["apiVersion"]?.stringValue == "v1", document.value["kind"]?.stringValue == "Pod" else {
            throw StaticPodProblem("\(file): only a Pod of apiVersion v1 can be static; apply other kinds with kubectl")
        }
        var pod = KubeObject(document.value)
        guard let name = pod.string("metadata", "name"), !name.isEmpty else {
            throw StaticPodProblem("\(file): metadata.name is missing; the node's name is added to it")
        }
        if let reference = Self.reference(Pod(pod)) {
            throw StaticPodProblem("\(file): a static pod may not refer to \(reference); write what it needs into the file, or use a hostPath")
        }
        if let node = pod.string("spec", "nodeName"), !node.isEmpty, node != nodeName {
            throw StaticPodProblem("\(file): spec.nodeName is \(node), and this node is \(nodeName); leave it out")
        }
        let hash = String(Digest(of: bytes + Array("\0\(file)\0\(nodeName)".utf8)).hex.prefix(32))
        pod["metadata", "name"] = .string("\(name)-\(nodeName)")
        if pod.namespace?.isEmpty ?? true { pod["metadata", "namespace"] = "default" }
        var annotations = pod["metadata", "annotations"] ?? .object([:])
        for (key, value) in [
            (Self.hash, hash), (Self.mirror, hash), (Self.source, "file"), (Self.seen, now.rfc3339Nano), (Self.file, file),
        ] { annotations[key] = .string(value) }
        pod["metadata", "annotations"] = annotations
        for field in ["uid", "resourceVersion", "creationTimestamp", "ownerReferences", "generateName"] { pod["metadata", field] = nil }
        if let owner {
            pod["metadata", "ownerReferences"] = [
                ["apiVersion": "v1", "kind": "Node", "name": .string(nodeName), "uid": .string(owner), "controller": true]
            ]
        }
        pod["spec", "nodeName"] = .string(nodeName)
        pod["spec", "tolerations"] = .array(pod.array("spec", "tolerations") + [["operator": "Exists", "effect": "NoExecute"]])
        pod["status"] = nil
        (self.file, self.hash, self.pod) = (file, hash, pod)
    }

    /// Files that end otherwise, and hidden ones, are none: editors leave copies.
    static func isManifest(_ name: String) -> Bool {
        !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }

    /// What of the API the pod needs, which has to run without it. Source: podutil.HasAPIObjectReference.
    private static func reference(_ pod: Pod) -> String? {
        let account = pod.spec.value["serviceAccountName"]?.stringValue ?? pod.spec.value["serviceAccount"]?.stringValue ?? ""
        if !account.isEmpty { return "a service account (\(account))" }
        for volume in pod.spec.volumes where ["persistentVolumeClaim", "ephemeral", "projected", "configMap", "secret"].contains(volume.sourceKind) {
            return "objects of the API (volume \(volume.name), \(volume.sourceKind))"
        }
        for container in pod.allContainers {
            let sources = (container.value["env"]?.arrayValue ?? []).compactMap { $0["valueFrom"] } + (container.value["envFrom"]?.arrayValue ?? [])
            let names = ["configMapKeyRef", "secretKeyRef", "configMapRef", "secretRef"]
            let found = names.first { name in sources.contains { $0[name] != nil } }
            if let found { return "objects of the API (container \(container.name), \(found))" }
        }
        return pod.spec.value["resourceClaims"]?.arrayValue?.isEmpty ?? true ? nil : "resource claims"
    }
}
