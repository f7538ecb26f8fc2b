import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

struct PodAdmissionTests {
    private func refusal(_ spec: JSONObject, metadata: JSONObject = [:], containers: [JSONValue] = [["name": "main"]], hasAppArmor: Bool = false) -> String? {
        let pod = Pod.sample(containers: containers, spec: spec, metadata: metadata)
        guard case .refused(let reason, let message) = PodAdmission.refusal(of: pod, security: .init(hasAppArmor: hasAppArmor)) else { return nil }
        return "\(reason): \(message)"
    }

    private func sysctl(_ name: String) -> JSONValue { ["sysctls": [["name": .string(name), "value": "1"]]] }

    @Test(arguments: ["kernel.shm_rmid_forced", "net.ipv4.tcp_syncookies", "net/ipv4/ip_local_port_range", "net.ipv4.tcp_rmem"])
    func `a safe kernel setting is a pod's to choose`(name: String) {
        #expect(refusal(["securityContext": sysctl(name)]) == nil)
    }

    @Test(arguments: [
        ("net.ipv4.ip_forward", "net.ipv4.ip_forward"), ("kernel.msgmax", "kernel.msgmax"), ("kernel/core_pattern", "kernel.core_pattern"),
        ("vm.swappiness", "vm.swappiness"), ("", ""), ("net.ipv4.tcp_syncookies.x", "net.ipv4.tcp_syncookies.x"),
    ]) func `any other is forbidden`(name: String, shown: String) {
        #expect(refusal(["securityContext": sysctl(name)]) == "SysctlForbidden: forbidden sysctl: \"\(shown)\" not allowlisted")
    }

    @Test func `a setting of the node's own namespace is forbidden`() {
        #expect(
            refusal(["hostNetwork": true, "securityContext": sysctl("net.ipv4.tcp_syncookies")])
                == "SysctlForbidden: forbidden sysctl: \"net.ipv4.tcp_syncookies\" not allowed with host net enabled")
        #expect(
            refusal(["hostIPC": true, "securityContext": sysctl("kernel.shm_rmid_forced")])
                == "SysctlForbidden: forbidden sysctl: \"kernel.shm_rmid_forced\" not allowed with host ipc enabled")
        #expect(refusal(["hostIPC": true, "securityContext": sysctl("net.ipv4.tcp_syncookies")]) == nil)
    }

    @Test func `a profile of AppArmor is never left out in silence`() {
        let localhost: JSONValue = ["appArmorProfile": ["type": "Localhost", "localhostProfile": "p"]]
        #expect(refusal(["securityContext": localhost])?.hasPrefix("AppArmor: Cannot enforce AppArmor: ") == true)
        #expect(refusal(["securityContext": localhost], hasAppArmor: true) == nil)
        let own: JSONValue = ["name": "main", "securityContext": ["appArmorProfile": ["type": "RuntimeDefault"]]]
        #expect(refusal([:], containers: [own])?.hasPrefix("AppArmor: ") == true)
        let old: JSONObject = ["annotations": ["container.apparmor.security.beta.kubernetes.io/main": "localhost/p"]]
        #expect(refusal([:], metadata: old)?.hasPrefix("AppArmor: ") == true)
        #expect(refusal(["securityContext": ["appArmorProfile": ["type": "Unconfined"]]]) == nil)
    }

    @Test func `a pod for another system is turned away`() {
        #expect(refusal(["os": ["name": "windows"]])?.hasPrefix("PodOSNotSupported: ") == true)
        #expect(refusal(["os": ["name": "linux"]]) == nil)
    }
}

struct PodLimitTests {
    private func limits(_ containers: [JSONValue], inits: [JSONValue] = [], spec: JSONObject = [:]) -> String {
        let limits = ResourceLimits(pod: .sample(inits: inits, containers: containers, spec: spec), pids: 77)
        #expect(limits.pids == 77)
        return "\(limits.cpuLimit.map { "\($0.value)" } ?? "-") \(limits.memoryLimit.map { "\($0.value >> 20)" } ?? "-")"
    }

    private func container(_ name: String, _ limits: JSONObject, sidecar: Bool = false) -> JSONValue {
        var value: JSONValue = ["name": .string(name), "resources": ["limits": .object(limits)]]
        if sidecar { value["restartPolicy"] = "Always" }
        return value
    }

    @Test func `a pod is limited when all of its containers are`() {
        #expect(limits([container("a", ["cpu": "1", "memory": "64Mi"]), container("b", ["cpu": "500m"])]) == "1500 -")
        #expect(limits([container("a", ["cpu": "1"])], inits: [container("s", ["cpu": "1"], sidecar: true)]) == "2000 -")
    }

    @Test func `a sidecar or a first container without a limit is not squeezed by the others'`() {
        let main = container("a", ["cpu": "1", "memory": "64Mi"])
        #expect(limits([main], inits: [container("s", [:], sidecar: true)]) == "- -")
        #expect(limits([main], inits: [container("i", ["memory": "1Gi"])]) == "- 1024")
        #expect(limits([container("a", ["cpu": "0"])]) == "- -")
    }

    @Test func `the pod's own limit holds whatever its containers say`() {
        let spec: JSONObject = ["resources": ["limits": ["cpu": "2", "memory": "128Mi"]]]
        #expect(limits([container("a", [:]), container("b", ["cpu": "1"])], spec: spec) == "2000 128")
        #expect(limits([container("a", [:])], spec: ["resources": ["limits": ["memory": "128Mi"]]]) == "- 128")
    }

    @Test func `a sidecar is killed for memory no sooner than the least of those it serves`() {
        func asks(_ name: String, _ memory: String, sidecar: Bool = false) -> JSONValue {
            var value: JSONValue = ["name": .string(name), "resources": ["requests": ["memory": .string(memory)]]]
            if sidecar { value["restartPolicy"] = "Always" }
            return value
        }
        let pod = Pod.sample(inits: [asks("s", "10Mi", sidecar: true), asks("i", "1Mi")], containers: [asks("a", "200Mi"), asks("b", "100Mi")])
        let requests = (pod.spec.initContainers + pod.spec.containers).map { pod.oomMemoryRequest(of: $0).value >> 20 }
        #expect(requests == [100, 1, 200, 100])
    }
}
