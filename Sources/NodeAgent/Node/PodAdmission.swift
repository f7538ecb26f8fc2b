import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// What the machine's kernel has of the security modules that a pod may name.
struct SecurityModules: Sendable, Hashable {
    var hasAppArmor = false
    var hasSELinux = false

    /// This machine's.
    static let ofHost = SecurityModules(
        hasAppArmor: (try? FileSystem.readText("/sys/module/apparmor/parameters/enabled"))?.hasPrefix("Y") ?? false,  // best effort: absent is no
        hasSELinux: FileSystem.exists("/sys/fs/selinux/enforce"))
}

/// What a pod may ask for that no node of this kind ever gives: the pod is turned away, never run without it. Pure.
/// Source: the kubelet's admit handlers.
enum PodAdmission {
    /// Why the node does not take a pod; nil when nothing is against it but room.
    static func refusal(of pod: Pod, security: SecurityModules) -> NodeLedger.Answer? {
        if let name = pod.spec.value["os"]?["name"]?.stringValue, name != "linux" {
            return .refused(reason: "PodOSNotSupported", message: "Failed to admit pod as the OS field doesn't match node OS: \(name) is not linux")
        }
        if let complaint = SafeSysctls.complaint(pod) { return .refused(reason: "SysctlForbidden", message: "forbidden sysctl: \(complaint)") }
        if let profile = appArmorProfile(pod) {
            let why =
                security.hasAppArmor
                ? "kdash applies no AppArmor profiles, not even \(profile); use type Unconfined or leave the profile out"
                : "AppArmor is not enabled on the host"
            return .refused(reason: "AppArmor", message: "Cannot enforce AppArmor: \(why)")
        }
        return nil
    }

    private static let annotationPrefix = "container.apparmor.security.beta.kubernetes.io/"

    /// The first AppArmor profile that would confine something.
    private static func appArmorProfile(_ pod: Pod) -> String? {
        let contexts = [pod.spec.value["securityContext"]] + pod.allContainers.map { $0.value["securityContext"] }
        let types = contexts.compactMap { $0?["appArmorProfile"]?["type"]?.stringValue }
        if let found = types.first(where: { $0 != "Unconfined" }) { return found }
        return pod.object.annotations.first { $0.key.hasPrefix(annotationPrefix) && $0.value != "unconfined" }?.value
    }
}
