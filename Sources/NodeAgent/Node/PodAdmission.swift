import APIMachinery
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel

/// What the machine's kernel has of the security modules that a pod may name.
struct SecurityModules: Sendable, Hashable {
    var hasAppArmor = false
    var hasSELinux = false

    /// This machine's.
    static let ofHost = SecurityModules(
        hasAppArmor: AppArmor.isEnabled,
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
        if !security.hasAppArmor, pod.allContainers.contains(where: { AppArmorChoice(of: $0, in: pod).isConfining }) {
            return .refused(reason: "AppArmor", message: "Cannot enforce AppArmor: AppArmor is not enabled on the host")
        }
        return nil
    }
}
