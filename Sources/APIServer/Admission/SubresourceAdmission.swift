internal import APIMachinery
internal import KubeClient

/// Admission of an object that is not stored itself: a Binding, an Eviction, a TokenRequest, a review, a Scale. It passes `mutate` when
/// it is decoded and `validate` when its own rules are kept, as everything else.
struct SubresourceAdmission {
    private let core: ServerCore
    private let request: AdmissionRequest

    /// A create below the object of a request, or beside every object when `subresource` is nil. Throws NotFound and Forbidden for a
    /// namespace that takes nothing new. Source: apiserver `pkg/admission/plugin/namespace/lifecycle`.
    /// `name` is the object's where the path has none.
    init(
        creating kind: GroupVersionKind, name: String? = nil, _ context: RequestContext, subresource: String?, isDryRun: Bool
    ) throws(APIStatus) {
        let name = name ?? context.name
        if let namespace = context.path.namespace, !Self.isReview(kind) {
            try context.core.namespaces.admit(into: namespace, context.descriptor.groupResource, name: name)
        }
        let write = context.writeContext(isDryRun: isDryRun, subresource: subresource)
        self.init(AdmissionRequest(.create, kind: kind, name: name, namespace: context.path.namespace, write))
    }

    /// An update of what a subresource shows of an object.
    init(updating old: KubeObject, kind: GroupVersionKind, _ write: WriteContext) {
        self.init(AdmissionRequest(.update, kind: kind, name: old.name, namespace: old.namespace, old: old, write))
    }

    private init(_ request: AdmissionRequest) {
        core = request.core
        self.request = request
    }

    func mutate(_ object: inout KubeObject) throws(APIStatus) { try core.admission.mutate(&object, request) }

    func validate(_ object: KubeObject) throws(APIStatus) { try core.admission.validate(object, request) }

    /// Whether a kind only asks what somebody may do, which a namespace answers in any state.
    private static func isReview(_ kind: GroupVersionKind) -> Bool { kind.group == "authorization.k8s.io" }
}
