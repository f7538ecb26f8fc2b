import APIMachinery
import ClusterOperations
import JSONCore
import KubeClient
import KubeSchemas

/// What would follow from applying a text, found without changing anything.
struct WhatIf: Sendable {
    /// What would follow from one document.
    struct Consequence: Sendable {
        /// `Deployment demo/web`.
        var title: String
        /// Whether there is no such object yet.
        var isNew: Bool
        /// What the server puts into it by itself.
        var defaults: [FieldChanges.Change] = []
        /// What happens to its pods; nil for an object without.
        var pods: PodOutlook?
    }

    var consequences: [Consequence] = []
    /// Who gains and loses which rights; nil when no role or binding is among the objects.
    var access: AccessChange?
    /// Why the server refuses it.
    var refusals: [String] = []
    /// What the server warns of.
    var warnings: [String] = []

    /// Asks the server, and kdash's own scheduler where it is ours.
    @concurrent static func make(_ plan: ApplyPlan, client: KubeClient, hasTrial: Bool) async -> WhatIf {
        var found = WhatIf()
        found.refusals = plan.faults.map(\.message) + plan.messages
        found.warnings = plan.warnings.map(\.message)
        let coming = Set(plan.steps.map { "\($0.descriptor.kind)/\($0.namespace ?? "")/\($0.manifest.name)" })
        var changed: [KubeObject] = []
        for step in plan.steps {
            var consequence = Consequence(title: step.title, isNew: step.live == nil)
            let written = await answer(step, client)
            switch written {
            case .success(let result):
                consequence.defaults = FieldChanges.between(step.sent, result).filter { $0.old == nil && !$0.path.hasPrefix("metadata") }
                consequence.pods = await PodOutlook.make(from: step.live, to: result, coming: coming, client: client, hasTrial: hasTrial)
                if AccessChange.concerns(result) { changed.append(result) }
            case .failure(let status):
                if !found.refusals.contains(where: { $0.contains(status.message) }) { found.refusals.append("\(step.title): \(status.message)") }
            }
            found.consequences.append(consequence)
        }
        if !changed.isEmpty { found.access = await AccessChange.read(changed, client) }
        return found
    }

    /// The object as it would become.
    private static func answer(_ step: ApplyStep, _ client: KubeClient) async -> Result<KubeObject, APIStatus> {
        do throws(APIStatus) {
            return .success(
                try await client.write(
                    step.descriptor.gvr, step.sent, namespace: step.live == nil ? step.namespace : nil, isNew: step.live == nil, options: .strictDryRun
                ).object)
        } catch {
            return .failure(error)
        }
    }
}
