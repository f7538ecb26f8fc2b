import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

@testable import ContainerImages
@testable import NodeAgent

extension Image {
    /// An image with these layers, the topmost first.
    static func sample(user: String = "", layers: [String] = []) -> Image {
        var config = ImageConfig()
        config.user = user
        let record = ImageRecord(
            id: Digest(of: []), manifestDigest: nil, names: ["i"], layers: [], size: .zero, loadedAt: Timestamp(seconds: 0))
        return Image(record: record, config: config, layerDirectories: layers)
    }
}

extension Pod {
    /// A small pod for tests; `spec` adds to its spec.
    static func sample(
        policy: String = "Always", inits: [JSONValue] = [], containers: [JSONValue] = [["name": "main"]], deleted: Bool = false,
        spec extra: JSONObject = [:], metadata more: JSONObject = [:], status: JSONValue = .object([:])
    ) -> Pod {
        var metadata: JSONObject = ["name": "p", "namespace": "default", "uid": "u", "generation": 1]
        for member in more { metadata[member.key] = member.value }
        if deleted {
            metadata["deletionTimestamp"] = "2026-01-01T00:00:05Z"
            metadata["deletionGracePeriodSeconds"] = 5
        }
        func named(_ container: JSONValue) -> JSONValue {
            var container = container
            container["image"] = "i"
            return container
        }
        var spec: JSONObject = [
            "restartPolicy": .string(policy), "initContainers": .array(inits.map(named)), "containers": .array(containers.map(named)),
        ]
        for member in extra { spec[member.key] = member.value }
        return Pod(KubeObject(["apiVersion": "v1", "kind": "Pod", "metadata": .object(metadata), "spec": .object(spec), "status": status]))
    }
}

extension ContainerHistory {
    private static let wall = Timestamp(seconds: 1_767_225_600)

    static func running(_ attempt: Int = 0) -> ContainerHistory {
        var history = ContainerHistory()
        history.begin(.init(id: "x", attempt: attempt, phase: .running(since: wall)))
        return history
    }

    static func exited(_ code: Int) -> ContainerHistory {
        var history = running()
        history.end(Termination(containerID: "x", exitCode: code, reason: code == 0 ? "Completed" : "Error", finishedAt: wall))
        return history
    }
}
