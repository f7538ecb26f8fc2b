internal import APIMachinery

/// Kinds that PUT creates when they are missing. Source: `AllowCreateOnUpdate` in `pkg/registry/**/strategy.go`.
struct CreatableByUpdateStrategy: ResourceStrategy {
    var createsOnUpdate: Bool { true }
}

/// ServiceAccounts: a delete returns the object.
struct ServiceAccountStrategy: ResourceStrategy {
    var returnsDeletedObject: Bool { true }
}
