internal import APIMachinery
internal import JSONCore
internal import LinuxKernel

/// Gives every pod a service account, its pull secrets and, when the node agent can mount them, its token.
/// Source: `plugin/pkg/admission/serviceaccount`.
struct ServiceAccountAdmission: AdmissionStep {
    /// Whether the volume with token, authority and namespace is added to pods: a projected volume, which the node agent must know.
    let mountsTokens: Bool

    static let mountPath = "/var/run/secrets/kubernetes.io/serviceaccount"
    /// An odd number, by which the token endpoint knows an injected token. Source: the same package, TokenExpirationSeconds.
    static let tokenSeconds: Int64 = 3607
    private static let volumePrefix = "kube-api-access-"

    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.isMain("", "pods"), request.operation == .create, object.annotations["kubernetes.io/config.mirror"] == nil else {
            return
        }
        let name = object.string("spec", "serviceAccountName").flatMap { $0.isEmpty ? nil : $0 } ?? "default"
        object["spec", "serviceAccountName"] = .string(name)
        object["spec", "serviceAccount"] = .string(name)
        let account = try request.core.lookup.get("serviceaccounts", namespace: request.namespace, name: name)
        guard let account else {
            throw request.forbidden(
                "error looking up service account \(request.namespace ?? "")/\(name): serviceaccount \(name.goQuoted) not found")
        }
        if object.array("spec", "imagePullSecrets").isEmpty, case let secrets = account.array("imagePullSecrets"), !secrets.isEmpty {
            object["spec", "imagePullSecrets"] = .array(secrets)
        }
        let isWanted = object.bool("spec", "automountServiceAccountToken") ?? account.bool("automountServiceAccountToken") ?? true
        if mountsTokens, isWanted { mountToken(&object) }
    }

    private func mountToken(_ pod: inout KubeObject) {
        var volumes = pod.array("spec", "volumes")
        let present = volumes.first { volume in
            (volume["name"]?.stringValue ?? "").hasPrefix(Self.volumePrefix)
                && (volume["projected", "sources"]?.arrayValue ?? []).contains { $0["serviceAccountToken"] != nil }
        }
        let name = present?["name"]?.stringValue ?? "\(Self.volumePrefix)\(SecureRandom.lowercaseSuffix(5))"
        var isUsed = false
        for field in ["initContainers", "containers"] {
            guard case .array(var containers)? = pod["spec", field] else { continue }
            for index in containers.indices {
                let mounts = containers[index]["volumeMounts"]?.arrayValue ?? []
                if mounts.contains(where: { $0["mountPath"]?.stringValue == Self.mountPath }) { continue }
                let mount: JSONValue = ["name": .string(name), "readOnly": true, "mountPath": .string(Self.mountPath)]
                containers[index]["volumeMounts"] = .array(mounts + [mount])
                isUsed = true
            }
            pod["spec", field] = .array(containers)
        }
        guard isUsed, present == nil else { return }
        volumes.append([
            "name": .string(name),
            "projected": [
                "defaultMode": 420,
                "sources": [
                    ["serviceAccountToken": ["expirationSeconds": .integer(Self.tokenSeconds), "path": "token"]],
                    ["configMap": ["name": "kube-root-ca.crt", "items": [["key": "ca.crt", "path": "ca.crt"]]]],
                    [
                        "downwardAPI": [
                            "items": [["path": "namespace", "fieldRef": ["apiVersion": "v1", "fieldPath": "metadata.namespace"]]]
                        ]
                    ],
                ],
            ],
        ])
        pod["spec", "volumes"] = .array(volumes)
    }
}
