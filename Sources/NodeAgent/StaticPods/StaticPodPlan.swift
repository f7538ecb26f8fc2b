import APIMachinery

/// What brings the API's pods in line with the files of the manifest folder. Pure.
struct StaticPodPlan: Sendable, Hashable {
    var create: [KubeObject] = []
    var delete: [KubeObject] = []
    /// What keeps a file from having its pod.
    var problems: [StaticPodProblem] = []

    /// - Parameters:
    ///   - manifests: what was read, in the order of the files' names.
    ///   - broken: files that could not be read: what runs of them goes on.
    ///   - pods: the node's pods.
    init(manifests: [StaticPodManifest], broken: Set<String>, pods: [KubeObject]) {
        var owners: [String: String] = [:]
        let present = Dictionary(pods.map { (Self.key($0), $0) }) { first, _ in first }
        for manifest in manifests {
            let key = Self.key(manifest.pod)
            if let other = owners.updateValue(manifest.file, forKey: key) {
                owners[key] = other
                problems.append(StaticPodProblem("\(manifest.file): \(other) has a pod of that name already; choose another metadata.name"))
                continue
            }
            guard let pod = present[key] else {
                create.append(manifest.pod)
                continue
            }
            guard Self.isStatic(pod) else {
                problems.append(StaticPodProblem("\(manifest.file): there is a pod \(key) that is not static; delete it, or choose another metadata.name"))
                continue
            }
            // One that is about to go is made anew when it has gone.
            if pod.annotations[StaticPodManifest.hash] != manifest.hash, pod.deletionTimestamp == nil { delete.append(pod) }
        }
        delete += pods.filter { pod in
            guard Self.isStatic(pod), pod.deletionTimestamp == nil, owners[Self.key(pod)] == nil else { return false }
            return !broken.contains(pod.annotations[StaticPodManifest.file] ?? "")
        }
    }

    static func isStatic(_ pod: KubeObject) -> Bool {
        pod.annotations[StaticPodManifest.source] == "file" && pod.annotations[StaticPodManifest.mirror] != nil
    }

    private static func key(_ pod: KubeObject) -> String { "\(pod.namespace ?? "")/\(pod.name)" }
}
