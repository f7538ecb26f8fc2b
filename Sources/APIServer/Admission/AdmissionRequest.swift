internal import APIMachinery
internal import KubeClient
internal import LinuxKernel

/// What a change is, as admission sees it. Source: admission/v1 AdmissionRequest.
struct AdmissionRequest: Sendable {
    /// What is being done to the object.
    enum Operation: String, Sendable {
        case create = "CREATE"
        case update = "UPDATE"
        case delete = "DELETE"
        case connect = "CONNECT"
    }

    let operation: Operation
    /// The kind of the object; that of the resource unless a subresource has its own, as `pods/binding`.
    let kind: GroupVersionKind
    /// Final, also for a generated name.
    let name: String
    /// Nil for cluster-scoped objects.
    let namespace: String?
    /// The object as it is; nil in a create.
    let old: KubeObject?
    let context: WriteContext

    init(
        _ operation: Operation, kind: GroupVersionKind? = nil, name: String, namespace: String?, old: KubeObject? = nil,
        _ context: WriteContext
    ) {
        self.operation = operation
        self.kind = kind ?? context.endpoint.descriptor.gvk
        self.name = name
        self.namespace = namespace
        self.old = old
        self.context = context
    }

    var core: ServerCore { context.core }
    var user: UserInfo { context.user }
    var descriptor: ResourceDescriptor { context.endpoint.descriptor }
    /// Which part is written; nil for the whole object.
    var subresource: String? { context.subresource }
    var isDryRun: Bool { context.isDryRun }
    /// When the request is handled.
    var now: Timestamp { context.now }

    /// Whether the whole object of a resource is written.
    func isMain(_ group: String, _ resource: String) -> Bool {
        subresource == nil && descriptor.group == group && descriptor.plural == resource
    }

    /// A refusal in the words of Kubernetes' admission: `pods "x" is forbidden: why`.
    func forbidden(_ why: String) -> APIStatus { .forbidden(descriptor.groupResource, name, why) }

    /// Tells the client something without refusing.
    func warn(_ text: String) { context.warnings.add(text) }
}
