import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import ClusterOperations

@Suite struct NodeShellTests {
    @Test func `a shell on a node is a privileged pod there, and one that does not start is taken away again`() async throws {
        try await OperationsServer.with { server in
            let starting = Task { try await NodeShell.start(on: "n1", image: "tools:1", namespace: "default", server.client, time: SystemTimeSource()) }
            let pod = try #require(await pod(server))
            #expect(pod.string("spec", "nodeName") == "n1" && pod.bool("spec", "hostPID") == true)
            #expect(pod.array("spec", "containers")[0]["securityContext", "privileged"] == .bool(true))
            // A node need not have a shell of its own: then it is the image's.
            let command = pod.array("spec", "containers")[0]["command"]?.arrayValue?.compactMap(\.stringValue) ?? []
            #expect(command.first == "/bin/sh" && command.last?.contains("nsenter -t 1 -m -u -i -n -p") == true)
            #expect(command.last?.contains("This node has no /bin/sh") == true && command.last?.hasSuffix("eval \"$shell\"") == true)
            var failed = pod
            failed["status"] = [
                "phase": "Pending",
                "containerStatuses": [
                    [
                        "name": "shell", "image": "tools:1", "imageID": "", "ready": false, "restartCount": 0,
                        "state": ["waiting": ["reason": "ErrImagePull", "message": "no such image"]],
                    ]
                ],
            ]
            _ = try await server.client.updateStatus(Pod.resource, failed)
            await expectRefusal("ErrImagePull no such image") { _ = try await starting.value }
            #expect(try await server.client.list(Pod.resource, namespace: "default").items.allSatisfy { $0.isBeingDeleted })
            await expectRefusal("is not the name of an image") {
                _ = try await NodeShell.start(on: "n1", image: "two words", namespace: "default", server.client, time: SystemTimeSource())
            }
        }
    }

    private func pod(_ server: OperationsServer) async throws -> KubeObject? {
        for _ in 0..<10_000 {
            if let pod = try await server.client.list(Pod.resource, namespace: "default").items.first { return pod }
            await Task.yield()
        }
        return nil
    }
}
