import APIMachinery
import ContainerRuntime
import JSONCore
import KubeSchemas

/// The AppArmor profile that a container asks for: in its own security context, else in the annotation that came
/// before the fields, else in the pod's context. Source: kubelet `pkg/security/apparmor` GetProfile.
struct AppArmorChoice: Sendable, Hashable {
    /// `RuntimeDefault`, `Localhost` or `Unconfined`; nil when nothing is asked for.
    let type: String?
    /// The profile's name, with `Localhost`.
    let name: String

    private static let annotationPrefix = "container.apparmor.security.beta.kubernetes.io/"

    init(of container: Container, in pod: Pod) {
        let annotation = pod.object.annotations[Self.annotationPrefix + container.name] ?? ""
        let own = container.value["securityContext"]?["appArmorProfile"]
        if let profile = own ?? (annotation.isEmpty ? pod.spec.value["securityContext"]?["appArmorProfile"] : nil) {
            (type, name) = (profile["type"]?.stringValue, profile["localhostProfile"]?.stringValue ?? "")
            return
        }
        switch annotation {
        case "": (type, name) = (nil, "")
        case "runtime/default": (type, name) = ("RuntimeDefault", "")
        case "unconfined": (type, name) = ("Unconfined", "")
        case let other: (type, name) = ("Localhost", other.hasPrefix("localhost/") ? String(other.dropFirst("localhost/".count)) : other)
        }
    }

    /// Whether a container without it would have more rights than it was given.
    var isConfining: Bool { type != nil && type != "Unconfined" }

    /// The profile that the container's programs get; nil is none. Privileged containers have the default neither, and who asks for nothing gets it where
    /// it could be loaded. Throws what is missing.
    /// Source: containerd's generateApparmorSpecOpts.
    func profile(isPrivileged: Bool, support: AppArmor.Support) throws(ConfigurationError) -> String? {
        guard case .enabled(let defaultProfile) = support else { return nil }
        switch type {
        case nil:
            // Without it as on a machine without AppArmor; the caller tells, see ``missingDefault(isPrivileged:support:)``.
            guard !isPrivileged, case .success(let name) = defaultProfile else { return nil }
            return name
        case "Unconfined": return nil
        case "Localhost": return name
        default:
            if isPrivileged { return nil }
            do throws(RuntimeError) {
                return try defaultProfile.get()
            } catch {
                throw ConfigurationError("cannot confine by AppArmor: \(error)", reason: "CreateContainerError")
            }
        }
    }

    /// Why a container that asks for nothing does not get the default profile on a machine that has AppArmor; nil where it gets it, or is to have none.
    func missingDefault(isPrivileged: Bool, support: AppArmor.Support) -> RuntimeError? {
        guard type == nil, !isPrivileged, case .enabled(.failure(let error)) = support else { return nil }
        return error
    }
}
