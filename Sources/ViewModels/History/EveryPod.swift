import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Synchronization

/// Every pod of a cluster that takes room on a node, without what placement does not look at. Read again at most every few seconds, the less
/// often the more there are.
final class EveryPod: Sendable {
    private struct Known {
        var pods: [KubeObject]
        var gap: String?
        var at: Duration
    }

    private static let pageSize = 500
    /// The most pods that are kept.
    private static let most = 20_000
    /// How long a thousand pods are taken as they were read.
    private static let trust = Duration.seconds(5)

    private let client: KubeClient
    private let time: any TimeSource
    private let known = Mutex(Known?.none)

    init(_ client: KubeClient, time: any TimeSource) {
        self.client = client
        self.time = time
    }

    /// The pods; what could not be read is named.
    func read(_ gaps: inout [String]) async -> [KubeObject] {
        let now = time.monotonic()
        if let known = known.withLock({ $0 }), known.at + Self.trust * known.pods.count / 1000 > now {
            if let gap = known.gap { gaps.append(gap) }
            return known.pods
        }
        var result = Known(pods: [], gap: nil, at: now)
        var options = ListOptions(limit: Self.pageSize)
        do throws(APIStatus) {
            repeat {
                let page = try await client.list(Pod.resource, namespace: nil, options)
                result.pods += page.items.lazy.filter { !Pod($0).isTerminated }.map(Self.trimmed)
                options.continueToken = page.continueToken
            } while options.continueToken != nil && result.pods.count < Self.most
            if options.continueToken != nil { result.gap = "only the first \(Self.most) pods were looked at" }
        } catch {
            result.gap = "pods: \(error.message)"
        }
        if let gap = result.gap { gaps.append(gap) }
        known.withLock { [result] in $0 = result }
        return result.pods
    }

    /// Labels and owners, and of containers what they ask for and listen on.
    private static func trimmed(_ pod: KubeObject) -> KubeObject {
        var pod = pod
        for field in ["managedFields", "annotations"] { pod["metadata", field] = nil }
        for field in ["containerStatuses", "initContainerStatuses", "conditions"] { pod["status", field] = nil }
        for list in ["containers", "initContainers"] {
            guard let containers = pod["spec", list]?.arrayValue else { continue }
            pod["spec", list] = .array(
                containers.map { container in
                    var container = container
                    for field in ["env", "envFrom", "command", "args", "volumeMounts", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] {
                        container[field] = nil
                    }
                    return container
                })
        }
        return pod
    }
}
