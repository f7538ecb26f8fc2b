package import APIMachinery
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// The emptying of a node, pod by pod; ends with its task, and what was evicted until then stays evicted.
package struct Drain: Sendable {
    /// How far one pod is.
    package enum Step: Sendable, Hashable {
        /// Its turn has not come.
        case waiting
        /// A budget refuses it for now; it is tried again.
        case refused(String)
        /// It was evicted and is ending.
        case ending
        /// It is gone.
        case gone
        /// It could not be evicted; why.
        case failed(String)
    }

    /// How far all pods are.
    package struct Progress: Sendable {
        /// The pods that go, in the order of the plan, with how far each is.
        package var steps: [(pod: ObjectTarget, step: Step)]
        /// Whether nothing more will happen.
        package var isOver: Bool

        /// How many are gone.
        package var goneCount: Int { steps.count { $0.step == .gone } }
    }

    /// What is done.
    package let plan: DrainPlan
    private let client: KubeClient
    private let time: any TimeSource
    /// How long until a refused eviction is tried again. Source: kubectl drain.
    private static let retryPause = Duration.seconds(5)
    /// How long until a pod is looked for again that is ending.
    private static let lookPause = Duration.seconds(1)

    /// A drain that has not begun.
    package init(_ plan: DrainPlan, _ client: KubeClient, time: any TimeSource) {
        self.plan = plan
        self.client = client
        self.time = time
    }

    /// Cordons the node and evicts what the plan says; tells `report` whenever something changed. Throws when the node cannot be cordoned.
    package func run(_ report: @escaping @Sendable (Progress) async -> Void) async throws(APIStatus) {
        if !plan.isCordoned {
            do throws(APIStatus) {
                _ = try await NodeMarks.setCordoned(plan.node, true, client)
            } catch {
                // Somebody else may have cordoned it meanwhile; that is all the same.
                guard error.reason == .badRequest else { throw error }
            }
        }
        var steps = plan.going.map { (pod: $0.target, step: Step.waiting) }
        await report(Progress(steps: steps, isOver: steps.isEmpty))
        while !Task.isCancelled {
            var hasRefusal = false
            for index in steps.indices where !Self.isOver(steps[index].step) {
                let before = steps[index].step
                steps[index].step = await next(steps[index].pod, before)
                if case .refused = steps[index].step { hasRefusal = true }
                if Task.isCancelled { return }
                if steps[index].step != before { await report(Progress(steps: steps, isOver: steps.allSatisfy { Self.isOver($0.step) })) }
            }
            guard steps.contains(where: { !Self.isOver($0.step) }) else { return }
            let isOnlyRefused = steps.allSatisfy { Self.isOver($0.step) || Self.isRefused($0.step) }
            do { try await time.sleep(for: hasRefusal && isOnlyRefused ? Self.retryPause : Self.lookPause) } catch { return }
        }
    }

    private static func isOver(_ step: Step) -> Bool {
        switch step {
        case .gone, .failed: true
        case .waiting, .refused, .ending: false
        }
    }

    private static func isRefused(_ step: Step) -> Bool { if case .refused = step { true } else { false } }

    private func next(_ pod: ObjectTarget, _ step: Step) async -> Step {
        do throws(APIStatus) {
            if step == .ending {
                let object = try await pod.read(client)
                return object.isBeingDeleted || object.uid != pod.uid ? .ending : .waiting
            }
            _ = try await Deletions.evict(pod, client)
            return .ending
        } catch {
            switch error.code {
            case 404, 409: return .gone
            case 429: return .refused(error.message)
            // A server that is lost for a moment does not end the drain.
            case 0, 500...599: return step == .ending ? .ending : .refused(error.message)
            default: return .failed(error.message)
            }
        }
    }
}
