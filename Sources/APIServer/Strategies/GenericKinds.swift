internal import APIMachinery
internal import JSONCore

/// The rules of a kind that needs no code of its own: what Kubernetes decides by single answers.
struct GenericStrategy: ResourceStrategy {
    var tracksGeneration = false
    var createsOnUpdate = false
    var updatesUnconditionally = true
    var returnsDeletedObject = false
    var orphansDependents = false
    /// What it asks for beyond its schema.
    var rules: KindRules?

    func nameProblems(_ name: String) -> [String] { rules?.name?(name) ?? NameValidation.dnsSubdomain(name) }

    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) { rules?.complete?(&object) }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        if let status = rules?.firstStatus { object["status"] = status }
    }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] { rules?.check(object) ?? [] }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        guard let rules else { return [] }
        return rules.check(object) + rules.change(object, old)
    }

    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        context.subresource == "status" ? rules?.status(object, old) ?? [] : []
    }

    /// The rules of a resource without a strategy of its own; generation is counted where a status tells what was observed of it.
    static func of(_ descriptor: ResourceDescriptor) -> GenericStrategy {
        var strategy = rows["\(descriptor.group)/\(descriptor.plural)"] ?? GenericStrategy(tracksGeneration: descriptor.subresource("status") != nil)
        if descriptor.group == "resource.k8s.io" { strategy.returnsDeletedObject = true }
        strategy.rules = KindRules.table["\(descriptor.group)/\(descriptor.plural)"]
        return strategy
    }

    /// Source: `AllowCreateOnUpdate`, `AllowUnconditionalUpdate`, `DefaultGarbageCollectionPolicy` and `PrepareForCreate` in
    /// `pkg/registry/**/strategy.go`, `ReturnDeletedObject` in `pkg/registry/**/storage.go`.
    private static let rows: [String: GenericStrategy] = [
        "/limitranges": GenericStrategy(createsOnUpdate: true),
        "/persistentvolumeclaims": GenericStrategy(returnsDeletedObject: true),
        "/persistentvolumes": GenericStrategy(returnsDeletedObject: true),
        "/podtemplates": GenericStrategy(tracksGeneration: true, returnsDeletedObject: true),
        "/replicationcontrollers": GenericStrategy(tracksGeneration: true, orphansDependents: true),
        "/resourcequotas": GenericStrategy(returnsDeletedObject: true),
        "admissionregistration.k8s.io/mutatingadmissionpolicies": .checkedPolicy,
        "admissionregistration.k8s.io/mutatingadmissionpolicybindings": .checkedPolicy,
        "admissionregistration.k8s.io/mutatingwebhookconfigurations": .checkedPolicy,
        "admissionregistration.k8s.io/validatingadmissionpolicies": .checkedPolicy,
        "admissionregistration.k8s.io/validatingadmissionpolicybindings": .checkedPolicy,
        "admissionregistration.k8s.io/validatingwebhookconfigurations": .checkedPolicy,
        "apiextensions.k8s.io/customresourcedefinitions": GenericStrategy(tracksGeneration: true, updatesUnconditionally: false),
        "apiregistration.k8s.io/apiservices": GenericStrategy(updatesUnconditionally: false),
        "autoscaling/horizontalpodautoscalers": GenericStrategy(),
        "discovery.k8s.io/endpointslices": GenericStrategy(tracksGeneration: true),
        "networking.k8s.io/ingressclasses": GenericStrategy(tracksGeneration: true),
        "networking.k8s.io/networkpolicies": GenericStrategy(tracksGeneration: true),
        "networking.k8s.io/servicecidrs": GenericStrategy(),
        "node.k8s.io/runtimeclasses": GenericStrategy(createsOnUpdate: true, updatesUnconditionally: false),
        "policy/poddisruptionbudgets": GenericStrategy(tracksGeneration: true, updatesUnconditionally: false),
        "resource.k8s.io/resourceclaims": GenericStrategy(),
        "resource.k8s.io/resourceslices": GenericStrategy(tracksGeneration: true),
        "storage.k8s.io/csidrivers": GenericStrategy(updatesUnconditionally: false, returnsDeletedObject: true),
        "storage.k8s.io/csinodes": GenericStrategy(updatesUnconditionally: false, returnsDeletedObject: true),
        "storage.k8s.io/csistoragecapacities": GenericStrategy(updatesUnconditionally: false),
        "storage.k8s.io/storageclasses": GenericStrategy(returnsDeletedObject: true),
        "storage.k8s.io/volumeattachments": GenericStrategy(updatesUnconditionally: false, returnsDeletedObject: true),
        "storage.k8s.io/volumeattributesclasses": GenericStrategy(returnsDeletedObject: true),
    ]

    private static let checkedPolicy = GenericStrategy(tracksGeneration: true, updatesUnconditionally: false)
}
