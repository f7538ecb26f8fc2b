internal import APIMachinery
internal import JSONCore

/// Leases: a renewal that changes only `renewTime` gets a revision and an event but no commit; no history is kept.
struct LeaseStrategy: ResourceStrategy {
    var createsOnUpdate: Bool { true }
    var updatesUnconditionally: Bool { false }
    var isArchived: Bool { false }

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
