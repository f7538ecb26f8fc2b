internal import APIMachinery
internal import JSONCore

/// The class of a PersistentVolumeClaim or Ingress that names none: the one marked as default, the newest when there are several.
/// Source: `plugin/pkg/admission/storage/storageclass/setdefault`, `plugin/pkg/admission/network/defaultingressclass`.
struct DefaultClassAdmission: AdmissionStep {
    /// The kind that gets a class.
    let group: String
    let resource: String
    /// The field of its spec.
    let field: String
    /// The annotation that stood for the field before.
    let legacyAnnotation: String
    /// Where classes are.
    let classGroup: String
    let classResource: String
    /// What marks a class as default.
    let marks: [String]

    static let storage = DefaultClassAdmission(
        group: "", resource: "persistentvolumeclaims", field: "storageClassName",
        legacyAnnotation: "volume.beta.kubernetes.io/storage-class", classGroup: "storage.k8s.io", classResource: "storageclasses",
        marks: ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"])
    static let ingress = DefaultClassAdmission(
        group: "networking.k8s.io", resource: "ingresses", field: "ingressClassName", legacyAnnotation: "kubernetes.io/ingress.class",
        classGroup: "networking.k8s.io", classResource: "ingressclasses", marks: ["ingressclass.kubernetes.io/is-default-class"])

    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.isMain(group, resource), request.operation == .create, object["spec", field] == nil,
            object.annotations[legacyAnnotation] == nil
        else { return }
        let classes = try request.core.lookup.list(group: classGroup, classResource).filter { found in
            marks.contains { found.annotations[$0] == "true" }
        }
        let newest = classes.max { first, second in
            let (a, b) = (first.string("metadata", "creationTimestamp") ?? "", second.string("metadata", "creationTimestamp") ?? "")
            return a == b ? first.name > second.name : a < b
        }
        if let newest { object["spec", field] = .string(newest.name) }
    }
}
