package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// A pod that is nothing but a shell in a node's own namespaces, the node's own shell or, where it has none, the image's. It ends with its shell,
/// and after a day at the latest.
package enum NodeShell {
    /// The name of its container.
    package static let container = "shell"

    /// Starts one and waits until it runs. Throws why it does not; nothing is left then.
    package static func start(
        on node: String, image: String, namespace: String, _ client: KubeClient, time: any TimeSource
    ) async throws(APIStatus) -> ObjectTarget {
        guard !image.isEmpty, !image.contains(where: \.isWhitespace) else { throw .badRequest("\"\(image)\" is not the name of an image") }
        let pod = try await client.create(Pod.resource, KubeObject(manifest(node, image, namespace)), namespace: namespace)
        let target = ObjectTarget(pod, resource: Pod.resource, kind: "Pod")
        do throws(APIStatus) {
            try await ContainerStart.wait(for: container, of: target, client, time: time) { $0.containerStatuses }
        } catch {
            await end(target, client)
            throw error
        }
        return target
    }

    /// Takes it away.
    package static func end(_ target: ObjectTarget, _ client: KubeClient) async {
        // best effort: a pod that stays has ended with its shell.
        _ = try? await client.delete(
            target.resource, namespace: target.namespace, name: target.name, DeleteOptions(gracePeriodSeconds: 0, uid: target.uid))
    }

    /// The node's own root comes first; one without a shell is looked at from the image's, in all other namespaces of the node. That a namespace cannot
    /// be entered is no reason to give up: the pod is in those of the node already, as far as a pod can be.
    private static let script = """
        export TERM=xterm-256color
        shell='command -v bash >/dev/null 2>&1 && exec bash || exec sh'
        own='nsenter -t 1 -m -u -i -n -p --'
        $own /bin/sh -c : 2>/dev/null && exec $own /bin/sh -c "$shell"
        echo "This node has no /bin/sh: this is the shell of the image, among the node's processes and in its network."
        ls /proc/1/root/ >/dev/null 2>&1 && echo "The node's files are below /proc/1/root."
        most='nsenter -t 1 -u -i -n -p --'
        $most /bin/sh -c : 2>/dev/null && exec $most /bin/sh -c "$shell"
        eval "$shell"
        """

    private static func manifest(_ node: String, _ image: String, _ namespace: String) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string("node-shell-\(SecureRandom.hex(4))"), "namespace": .string(namespace), "labels": ["kdash.dev/node-shell": "true"]],
            "spec": [
                "nodeName": .string(node), "hostPID": true, "hostNetwork": true, "hostIPC": true, "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 0, "activeDeadlineSeconds": 86_400, "tolerations": [["operator": "Exists"]],
                "containers": [
                    [
                        "name": .string(container), "image": .string(image), "imagePullPolicy": "IfNotPresent", "stdin": true, "stdinOnce": true,
                        "tty": true, "securityContext": ["privileged": true],
                        "command": ["/bin/sh", "-c", .string(script)],
                    ]
                ],
            ],
        ]
    }
}
