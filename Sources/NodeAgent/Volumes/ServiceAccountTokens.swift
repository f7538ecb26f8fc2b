import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// One token of a pod and when it is replaced.
struct PodToken: Sendable, Hashable {
    var text: String
    var refreshAt: Timestamp

    /// A token is replaced when 80 % of its life is over, and after a day at the latest. Source: the kubelet's token manager.
    init(text: String, issued: Timestamp, expires: Timestamp) {
        self.text = text
        let life = max(expires - issued, .seconds(10))
        refreshAt = issued.advanced(by: min(life * 4 / 5, .seconds(86_400)))
    }
}

/// Asks for tokens of a pod's service account, bound to the pod.
struct ServiceAccountTokens: Sendable {
    let client: KubeClient
    let time: any TimeSource

    /// A new token for one serviceAccountToken source.
    func request(_ source: JSONValue, for pod: Pod) async throws(VolumeProblem) -> PodToken {
        let namespace = pod.namespace ?? "default"
        let audience = source["audience"]?.stringValue ?? ""
        let seconds = source["expirationSeconds"]?.integerValue ?? 3600
        let body: JSONValue = [
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": [
                "audiences": .array(audience.isEmpty ? [] : [.string(audience)]), "expirationSeconds": .integer(seconds),
                "boundObjectRef": ["apiVersion": "v1", "kind": "Pod", "name": .string(pod.name), "uid": .string(pod.uid)],
            ],
        ]
        let answer: JSONValue
        do throws(APIStatus) {
            answer = try await client.createSubresource(
                ServiceAccount.resource, namespace: namespace, name: pod.serviceAccount, subresource: "token", body)
        } catch {
            throw VolumeProblem(message: "failed to fetch token: \(error.message)")
        }
        guard let token = answer["status"]?["token"]?.stringValue, !token.isEmpty else {
            throw VolumeProblem(message: "failed to fetch token: the server returned none for service account \(namespace)/\(pod.serviceAccount)")
        }
        let now = time.now()
        let expires = answer["status"]?["expirationTimestamp"]?.stringValue.flatMap { Timestamp(rfc3339: $0) } ?? now.advanced(by: .seconds(seconds))
        return PodToken(text: token, issued: now, expires: expires)
    }
}
