package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
import LinuxKernel

/// What people do with Jobs and CronJobs.
package enum JobOperations {
    /// Starts a CronJob's Job now, beside its schedule. Returns what was made.
    package static func trigger(_ target: ObjectTarget, _ client: KubeClient) async throws(APIStatus) -> String {
        let cronJob = try await target.read(client)
        guard let template = cronJob["spec", "jobTemplate"] else { throw .badRequest("\(target.text) has no job template") }
        var job = KubeObject(Job.kind, name: "\(target.name.prefix(45))-manual-\(SecureRandom.hex(3))", namespace: target.namespace)
        job.labels = KubeObject(template).labels
        job.annotations = KubeObject(template).annotations.merging(["cronjob.kubernetes.io/instantiate": "manual"]) { _, new in new }
        job["spec"] = template["spec"]
        job.ownerReferences = [OwnerReference(controller: cronJob)]
        let made = try await client.create(Job.resource, job, namespace: target.namespace)
        return "\(target.text): started job \(made.name)"
    }

    /// Stops a CronJob or Job from making more, or lets it go on. A running Job that is suspended loses its pods.
    package static func setSuspended(_ target: ObjectTarget, _ isSuspended: Bool, _ client: KubeClient) async throws(APIStatus) -> String {
        let object = try await target.read(client)
        guard (object.bool("spec", "suspend") ?? false) != isSuspended else {
            throw .badRequest("\(target.text) is \(isSuspended ? "suspended already" : "not suspended")")
        }
        try await Rollouts.patch(target, ["spec": ["suspend": .bool(isSuspended)]], client)
        return "\(target.text) is \(isSuspended ? "suspended" : "no longer suspended")"
    }

    /// Makes a Job like another one, with a new name; the old one stays. Returns what was made.
    package static func rerun(_ target: ObjectTarget, _ client: KubeClient) async throws(APIStatus) -> String {
        let old = try await target.read(client)
        var job = KubeObject(Job.kind, name: "\(target.name.prefix(45))-again-\(SecureRandom.hex(3))", namespace: target.namespace)
        job.labels = old.labels.filter { !isGenerated($0.key) }
        job.annotations = old.annotations.filter { $0.key != "kubectl.kubernetes.io/last-applied-configuration" }
        var spec = old["spec"] ?? .null
        // The server chooses the selector and its labels anew, unless the user had chosen them.
        if spec["manualSelector"]?.boolValue != true {
            spec["selector"] = nil
            let labels = spec["template", "metadata", "labels"]?.objectValue ?? JSONObject()
            spec["template", "metadata", "labels"] = .object(JSONObject(labels.filter { !isGenerated($0.key) }.map { ($0.key, $0.value) }))
        }
        spec["suspend"] = nil
        job["spec"] = spec
        let made = try await client.create(Job.resource, job, namespace: target.namespace)
        return "\(target.text): started again as job \(made.name)"
    }

    private static func isGenerated(_ label: String) -> Bool {
        ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"].contains(label)
    }
}
