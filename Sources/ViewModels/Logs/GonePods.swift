import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// Finds the deleted pods that a merge would have had, as the cluster remembers them, whose logs are still kept.
struct GonePods: Sendable {
    /// The most containers of deleted pods in a merge, of the newest pods: what still runs must find room beside them.
    static let limit = 32

    let client: KubeClient
    /// The logs that are kept of deleted pods.
    let kept: [KeptLog]

    /// The containers of deleted pods, the newest pods first; none where the cluster remembers nothing.
    func targets(_ scopes: [LogScope]) async -> [LogTarget] {
        guard !kept.isEmpty else { return [] }
        var found: [ObjectHistory.Version] = []
        for scope in scopes where scope.podUID == nil {
            // best effort: a merge without its deleted pods is better than none.
            let history = try? await client.changes(of: Pod.resource, namespace: scope.namespace, since: Timestamp(seconds: 0), .deletions)
            let jobs = scope.cronJobUID == nil ? [] : await self.jobs(of: scope)
            found += (history?.versions ?? []).filter { Self.belongs($0, scope, jobs: jobs) }
        }
        let logs = Dictionary(kept.map { ($0.podUID, $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<String> = []
        let pods = found.sorted { $0.time > $1.time }.filter { seen.insert($0.uid).inserted && logs[$0.uid]?.isEmpty == false }
        let targets = pods.prefix(Self.limit).flatMap { version -> [LogTarget] in
            guard let log = logs[version.uid] else { return [] }
            return log.containers.flatMap { Self.targets(version, container: $0) }
        }
        return Array(targets.prefix(Self.limit))
    }

    /// A container's last instance, and the one before it when there was one.
    private static func targets(_ version: ObjectHistory.Version, container: String) -> [LogTarget] {
        let last = LogTarget(namespace: version.namespace ?? "", pod: version.name, podUID: version.uid, container: container, isGone: true)
        guard let object = version.object, LogPodStatus(Pod(object), container: container).restarts > 0 else { return [last] }
        var before = last
        before.isPrevious = true
        return [before, last]
    }

    static func belongs(_ version: ObjectHistory.Version, _ scope: LogScope, jobs: Set<String>) -> Bool {
        guard let pod = version.object, scope.namespace == nil || scope.namespace == version.namespace else { return false }
        guard scope.labels.matches(pod.labels) else { return false }
        if scope.cronJobUID != nil, !(pod.controllerRef.map { jobs.contains($0.uid) } ?? false) { return false }
        return scope.fields.requirements.allSatisfy { requirement in
            let value = requirement.field == "spec.nodeName" ? pod.string("spec", "nodeName") ?? "" : requirement.field == "metadata.name" ? pod.name : nil
            return value.map { ($0 == requirement.value) == requirement.equals } ?? false
        }
    }

    /// The uids of a CronJob's Jobs, those that are gone too.
    private func jobs(of scope: LogScope) async -> Set<String> {
        // best effort: of Jobs that cannot be read the pods are missing.
        let gone = try? await client.changes(of: Job.resource, namespace: scope.namespace, since: Timestamp(seconds: 0), .deletions)
        let present = try? await client.list(Job.resource, namespace: scope.namespace)
        let all = (gone?.versions ?? []).compactMap(\.object) + (present?.items ?? [])
        return Set(all.filter { $0.controllerRef?.uid == scope.cronJobUID }.map(\.uid))
    }
}
