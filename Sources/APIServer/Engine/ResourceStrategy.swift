internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel
internal import ObjectStore

/// What a strategy may look at while it prepares or checks an object.
struct WriteContext: Sendable {
    let core: ServerCore
    let endpoint: ResourceEndpoint
    /// Who asks.
    let user: UserInfo
    /// When the request is handled.
    let now: Timestamp
    /// What the client is told besides the answer.
    let warnings: WarningBox
    /// Which part is written; nil for the whole object.
    var subresource: String?
    var isDryRun = false
    /// Whether the create comes of a PUT or PATCH, whose verb says nothing about creating.
    var needsCreatePermission = false
    /// Whether admission has been asked already, about another object that stands for this one.
    var isAdmitted = false
    /// Whom the fields written are recorded for; nil when the owners are settled or stay as they are.
    var manager: ManagedFields.Manager?
}

/// What Kubernetes does for one kind beyond what the schema says. Every requirement has a default, so that a kind without its own
/// rules needs no code at all.
protocol ResourceStrategy: Sendable {
    /// What is wrong with a name.
    func nameProblems(_ name: String) -> [String]
    /// Whether PUT creates what is missing.
    var createsOnUpdate: Bool { get }
    /// Whether PUT without a resourceVersion overwrites whatever is there.
    var updatesUnconditionally: Bool { get }
    /// Whether DELETE answers with the object instead of a Status.
    var returnsDeletedObject: Bool { get }
    /// Whether dependents outlive the object unless the client says otherwise.
    var orphansDependents: Bool { get }
    /// Whether `metadata.generation` counts changes of the desired state.
    var tracksGeneration: Bool { get }
    /// Whether a create may bring a status.
    var keepsStatusOnCreate: Bool { get }
    /// Whether versions are kept in the object's history.
    var isArchived: Bool { get }

    /// Fills in defaults that need code, as soon as an object is decoded; admission sees the result.
    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext)
    /// Fills in what the server decides, after admission.
    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus)
    /// What is wrong with a new object, beyond metadata and schema.
    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError]
    /// Keeps what an update may not touch.
    func prepareForUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus)
    /// What is wrong with a change.
    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError]
    /// Keeps what a status update may not touch; metadata is already handled.
    func prepareForStatusUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext)
    /// Keeps what an update of a subresource that carries the whole object may not touch: approval, resize and the like.
    func prepareForSubresource(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext)
    /// What is wrong with an update of a subresource.
    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError]
    /// Checks that need the requesting user.
    func authorize(_ object: KubeObject, old: KubeObject?, user: RequestUser, _ context: WriteContext) throws(APIStatus)
    /// Whether a change may be lost in a crash: renewals that say nothing but "still here".
    func isHeartbeat(_ object: KubeObject, old: KubeObject) -> Bool
    /// The seconds an object stays after its deletion was asked for; nil removes it at once.
    func gracePeriod(_ object: KubeObject, requested: Int64?) -> Int64?
    /// Reserves what the object takes from a shared pool. Called once the object is final; undone by `release` when the write fails.
    func claim(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) throws(APIStatus)
    /// What is written together with a new or changed object, in the same commit. `old` is nil for a new one.
    func companions(_ object: KubeObject, old: KubeObject?, _ context: WriteContext) -> [ObjectWrite]
    /// What is written together with the end of an object, in the same commit.
    func departing(_ object: KubeObject, _ context: WriteContext) -> [ObjectWrite]
    /// Gives back what the object holds.
    func release(_ object: KubeObject, _ context: WriteContext)
    /// Whether a deletion is refused.
    func refusesDeletion(_ object: KubeObject, _ context: WriteContext) -> APIStatus?
    /// Whether something besides `metadata.finalizers` keeps an object whose deletion was asked for.
    func isHeld(_ object: KubeObject) -> Bool
    /// Called after a new object was stored.
    func didCreate(_ object: KubeObject, _ context: WriteContext)
    /// Called after a changed object was stored.
    func didUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext)
    /// Whether a stored object has outlived its time and is to be treated as gone.
    func isExpired(_ object: StoredObject, now: Timestamp) -> Bool
    /// Whether `isExpired` can say yes.
    var expires: Bool { get }
}

extension ResourceStrategy {
    func nameProblems(_ name: String) -> [String] { NameValidation.dnsSubdomain(name) }
    var createsOnUpdate: Bool { false }
    var updatesUnconditionally: Bool { true }
    var returnsDeletedObject: Bool { false }
    var orphansDependents: Bool { false }
    var tracksGeneration: Bool { false }
    var keepsStatusOnCreate: Bool { false }
    var isArchived: Bool { true }
    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) {}
    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {}
    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] { [] }
    func prepareForUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {}
    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        validateCreate(object, context)
    }
    func prepareForStatusUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) {}
    func prepareForSubresource(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) {}
    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] { [] }
    func authorize(_ object: KubeObject, old: KubeObject?, user: RequestUser, _ context: WriteContext) throws(APIStatus) {}
    func isHeartbeat(_ object: KubeObject, old: KubeObject) -> Bool { false }
    func gracePeriod(_ object: KubeObject, requested: Int64?) -> Int64? { nil }
    func claim(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) throws(APIStatus) {}
    func companions(_ object: KubeObject, old: KubeObject?, _ context: WriteContext) -> [ObjectWrite] { [] }
    func departing(_ object: KubeObject, _ context: WriteContext) -> [ObjectWrite] { [] }
    func release(_ object: KubeObject, _ context: WriteContext) {}
    func refusesDeletion(_ object: KubeObject, _ context: WriteContext) -> APIStatus? { nil }
    func isHeld(_ object: KubeObject) -> Bool { false }
    func didCreate(_ object: KubeObject, _ context: WriteContext) {}
    func didUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) {}
    func isExpired(_ object: StoredObject, now: Timestamp) -> Bool { false }
    var expires: Bool { false }
}
