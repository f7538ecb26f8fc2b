internal import APIMachinery
internal import JSONCore

/// Leases: a renewal that changes only `renewTime` gets a revision and an event but no commit; no history is kept.
/// Source: `pkg/registry/coordination/lease/strategy.go`.
struct LeaseStrategy: ResourceStrategy {
    var createsOnUpdate: Bool { true }
    var updatesUnconditionally: Bool { false }
    var isArchived: Bool { false }

    /// What belongs to elections that the control plane coordinates, which Kubernetes 1.36 does only where it is asked to
    /// (CoordinatedLeaderElection).
    private static let elections = ["strategy", "preferredHolder"]

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        for field in Self.elections { object["spec", field] = nil }
    }

    func prepareForUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        for field in Self.elections where old["spec", field] == nil { object["spec", field] = nil }
    }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors: [FieldError] = []
        if let seconds = object.integer("spec", "leaseDurationSeconds"), seconds <= 0 {
            errors.append(.invalid("spec.leaseDurationSeconds", .integer(seconds), "must be greater than 0"))
        }
        if let count = object.integer("spec", "leaseTransitions"), count < 0 {
            errors.append(.invalid("spec.leaseTransitions", .integer(count), "must be greater than or equal to 0"))
        }
        return errors
    }

    func isHeartbeat(_ object: KubeObject, old: KubeObject) -> Bool {
        var (new, previous) = (object, old)
        for field in ["renewTime"] {
            new["spec", field] = nil
            previous["spec", field] = nil
        }
        new.resourceVersion = ""
        previous.resourceVersion = ""
        return new.value == previous.value
    }
}
