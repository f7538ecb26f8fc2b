package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// A container that is put into a running pod to look around: it shares the pod's network, and the processes of one of its containers.
package enum DebugContainer {
    /// Adds one and waits until it runs. Returns its name. It cannot be taken out again; it ends when its program does.
    package static func add(
        to target: ObjectTarget, image: String, sharing container: String?, _ client: KubeClient, time: any TimeSource
    ) async throws(APIStatus) -> String {
        guard !image.isEmpty, !image.contains(where: \.isWhitespace) else { throw .badRequest("\"\(image)\" is not the name of an image") }
        let pod = Pod(try await target.read(client))
        guard !pod.isTerminated else { throw .badRequest("\(target.text) has ended: nothing can be put into it") }
        let names = Set(pod.spec.containers.map(\.name) + pod.spec.initContainers.map(\.name) + pod.spec.ephemeralContainers.map(\.name))
        if let container, !names.contains(container) { throw .badRequest("\(target.text) has no container \(container)") }
        let name = "debug-\(SecureRandom.hex(3))"
        var debugger: JSONValue = [
            "name": .string(name), "image": .string(image), "stdin": true, "tty": true, "imagePullPolicy": "IfNotPresent",
            "terminationMessagePolicy": "File",
        ]
        if let container { debugger["targetContainerName"] = .string(container) }
        var change: JSONValue = ["spec": ["ephemeralContainers": [debugger]]]
        if let uid = target.uid { change["metadata", "uid"] = .string(uid) }
        _ = try await client.patch(
            target.resource, namespace: target.namespace, name: target.name, type: .strategicMerge, change, subresource: "ephemeralcontainers")
        try await ContainerStart.wait(for: name, of: target, client, time: time) { $0.ephemeralContainerStatuses }
        return name
    }
}
