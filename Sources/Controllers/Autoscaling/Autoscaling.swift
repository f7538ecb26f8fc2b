package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel
package import Logging
import Synchronization

/// Changes the size of what HorizontalPodAutoscalers name by what its pods use. It looks at each every 15 seconds, and at once at a new or changed
/// one; without autoscalers it sleeps. What was proposed and changed lately is kept in memory: after a restart of the daemon
/// the number that is there counts as proposed just now.
///
/// ## Concurrency model
/// Handlers of the informer wake the one task of ``run()``, which alone has the state.
package final class Autoscaling: Sendable {
    /// How often an autoscaler is looked at.
    static let period = Duration.seconds(15)
    static let resource = GroupVersionResource(group: "autoscaling", version: "v2", resource: "horizontalpodautoscalers")
    private static let usages = GroupVersionResource(group: "metrics.k8s.io", version: "v1beta1", resource: "pods")

    private struct Entry {
        var generation: Int64
        var next: Duration
        var history = ScalingHistory()
    }

    private let resources: [GroupKind: GroupVersionResource]
    private let autoscalers: Informer
    private let pods: Informer
    private let customs: CustomInformers
    private let client: KubeClient
    private let writer: ChangeWriter
    private let time: any TimeSource
    private let logger: Logger
    private let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Make it before the informers run.
    package init(
        _ schemas: SchemaRegistry, informers: SharedInformers, customs: CustomInformers, client: (UserInfo) -> KubeClient, time: any TimeSource,
        logger: Logger
    ) {
        resources = Dictionary(schemas.resources.map { ($0.groupKind, $0.gvr) }) { first, _ in first }
        autoscalers = informers.informer(Self.resource)
        pods = informers.informer(Pod.resource)
        self.customs = customs
        self.client = client(.controller("horizontal-pod-autoscaler"))
        self.time = time
        self.logger = logger
        writer = ChangeWriter(controller: "horizontal-pod-autoscaler", client: self.client, time: time, logger: logger)
    }

    /// Works until the task is cancelled. Call it once.
    package func run() async {
        autoscalers.addHandler { [wake] event in
            // Its own status is no news.
            if case .updated(let old, let new) = event, old.generation == new.generation { return }
            wake.yield()
        }
        await autoscalers.waitUntilSynced()
        await pods.waitUntilSynced()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.writer.writeEvents() }
            await withTaskCancellationHandler {
                await follow()
            } onCancel: {
                wake.finish()
            }
            group.cancelAll()
        }
    }

    private func follow() async {
        var entries: [String: Entry] = [:]
        var again: Task<Void, Never>?
        defer { again?.cancel() }
        wake.yield()
        for await _ in wakes where !Task.isCancelled {
            again?.cancel()
            let all = autoscalers.all().filter { !$0.isBeingDeleted }
            let known = Set(all.map(\.uid))
            entries = entries.filter { known.contains($0.key) }
            var usage: [String: Result<[String: AutoscalerDecision.PodUsage], ReplicaCalculation.Problem>] = [:]
            for one in all {
                var entry = entries[one.uid] ?? Entry(generation: 0, next: .zero)
                guard entry.generation != one.generation || entry.next <= time.monotonic() else { continue }
                await look(at: one, &entry.history, &usage)
                (entry.generation, entry.next) = (one.generation, time.monotonic() + Self.period)
                entries[one.uid] = entry
            }
            guard let next = entries.values.map(\.next).min() else { continue }
            again = Task { [time, wake] in
                do { try await time.sleep(for: next - time.monotonic()) } catch { return }
                wake.yield()
            }
        }
    }

    private func look(
        at object: KubeObject, _ history: inout ScalingHistory,
        _ usages: inout [String: Result<[String: AutoscalerDecision.PodUsage], ReplicaCalculation.Problem>]
    ) async {
        let (resource, scale): (GroupVersionResource, KubeObject)
        do throws(APIStatus) {
            resource = try target(of: object)
            scale = try await client.get(
                resource, namespace: object.namespace, name: object.string("spec", "scaleTargetRef", "name") ?? "", subresource: "scale")
        } catch {
            await write(object, AutoscalerDecision.unreachable(object, error, now: time.now()), [("FailedGetScale", error.message)])
            return
        }
        let current = scale.integer("spec", "replicas") ?? 0
        let namespace = object.namespace ?? ""
        let found: [Pod]
        do throws(ReplicaCalculation.Problem) { found = try selected(by: scale, in: namespace) } catch {
            await write(object, AutoscalerDecision.unselected(object, error, now: time.now()), [("InvalidSelector", error.message)])
            return
        }
        if usages[namespace] == nil { usages[namespace] = await usage(in: namespace) }
        let now = time.now()
        let decision = AutoscalerDecision(
            object, current: current, pods: found, usage: usages[namespace] ?? .success([:]), &history, now: now)
        var failure: APIStatus?
        var changes = decision.warnings.map { Change.event(about: object, .warning, reason: $0.reason, message: $0.message) }
        if decision.isKnown, decision.desired != current {
            var wanted = scale
            wanted["spec", "replicas"] = .integer(decision.desired)
            do throws(APIStatus) {
                _ = try await client.update(resource, wanted, subresource: "scale")
                let text = "New size: \(decision.desired); reason: \(decision.reason)"
                changes.append(.event(about: object, .normal, reason: "SuccessfulRescale", message: text))
                let entry = ScalingHistory.Entry(time: now, count: abs(decision.desired - current))
                if decision.desired > current { history.raised.append(entry) } else { history.lowered.append(entry) }
            } catch {
                failure = error
                let text = "New size: \(decision.desired); reason: \(decision.reason); error: \(error.message)"
                changes.append(.event(about: object, .warning, reason: "FailedRescale", message: text))
            }
        }
        let fresh = decision.status(of: object, current: current, replicas: scale.integer("status", "replicas") ?? current, failure: failure)
        if fresh != object { changes.append(.updateSubresource(Self.resource, fresh, "status")) }
        await make(changes, object)
    }

    private func write(_ object: KubeObject, _ fresh: KubeObject, _ warnings: [(reason: String, message: String)]) async {
        var changes = warnings.map { Change.event(about: object, .warning, reason: $0.reason, message: $0.message) }
        if fresh != object { changes.append(.updateSubresource(Self.resource, fresh, "status")) }
        await make(changes, object)
    }

    private func make(_ changes: [Change], _ object: KubeObject) async {
        guard let failure = await writer.write(changes).failure, failure.reason != .conflict, failure.reason != .notFound else { return }
        // The next look, in seconds, tries again.
        logger.warning(
            "an autoscaler's status cannot be written", metadata: ["name": "\(object.namespace ?? "")/\(object.name)", "error": "\(failure.message)"])
    }

    // MARK: What it reads

    private func target(of object: KubeObject) throws(APIStatus) -> GroupVersionResource {
        let (kind, version) = (object.string("spec", "scaleTargetRef", "kind") ?? "", object.string("spec", "scaleTargetRef", "apiVersion") ?? "")
        guard let version = GroupVersion(apiVersion: version) else { throw .badRequest("unexpected GroupVersion string: \(version)") }
        if let custom = customs.kinds.first(where: { $0.kind == kind && $0.resource.group == version.group }) { return custom.resource }
        guard let found = resources[GroupKind(group: version.group, kind: kind)] else {
            throw .badRequest("no matches for kind \"\(kind)\" in group \"\(version.group)\"")
        }
        return found
    }

    private func selected(by scale: KubeObject, in namespace: String) throws(ReplicaCalculation.Problem) -> [Pod] {
        guard let text = scale.string("status", "selector"), !text.isEmpty else {
            throw .init(message: "selector is required")
        }
        let selector: LabelSelector
        do { selector = try LabelSelector(parsing: text) } catch {
            throw .init(message: "couldn't convert selector into a corresponding internal selector object: \(error)")
        }
        return pods.all(namespace: namespace).filter { selector.matches($0.labels) }.map(Pod.init)
    }

    private func usage(in namespace: String) async -> Result<[String: AutoscalerDecision.PodUsage], ReplicaCalculation.Problem> {
        do throws(APIStatus) {
            let found = try await client.list(Self.usages, namespace: namespace).items
            let pairs = found.compactMap { item in AutoscalerDecision.PodUsage(item.value).map { (item.name, $0) } }
            return .success(Dictionary(pairs) { _, last in last })
        } catch {
            return .failure(.init(message: "unable to get metrics for resource: unable to fetch metrics from resource metrics API: \(error.message)"))
        }
    }
}
