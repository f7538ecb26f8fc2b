internal import APIMachinery

/// ServiceAccounts: a delete returns the object.
struct ServiceAccountStrategy: ResourceStrategy {
    var returnsDeletedObject: Bool { true }
}
