import APIMachinery
import JSONCore
import KubeClient

/// What kdash's scheduler would decide, asked without binding anything.
struct Trial: Sendable {
    /// One pod's place.
    struct Placement: Sendable, Hashable {
        /// The node; nil when it fits nowhere.
        var node: String?
        /// Why it fits nowhere.
        var message: String
    }

    var placements: [Placement]
    /// What keeps a pod off each node; nothing where it fits.
    var obstacles: [String: [String]]

    /// Asks for the first `count` pods, those of `leaving` being gone already.
    static func ask(_ pod: KubeObject, count: Int, leaving: [String], _ client: KubeClient) async throws(APIStatus) -> Trial {
        let question: JSONValue = [
            "pod": pod.value, "count": .integer(Int64(min(count, 1000))), "leaving": .array(leaving.map { .string($0) }),
        ]
        let response = try await client.raw(
            APIRequest(.post, path: "/kdash/v1/schedule", contentType: "application/json", body: JSON.encode(question)))
        if let failure = try await response.failure() { throw failure }
        guard case .bytes(let bytes) = response.body, let answer = try? JSON.parse(bytes),
            let placements = answer["placements"]?.arrayValue
        else {
            throw .internalError("the answer names no placements")
        }
        let nodes = (answer["nodes"]?.arrayValue ?? []).compactMap { node in
            node["name"]?.stringValue.map { ($0, (node["obstacles"]?.arrayValue ?? []).compactMap(\.stringValue)) }
        }
        return Trial(
            placements: placements.map {
                Placement(node: $0["node"]?.stringValue, message: $0["message"]?.stringValue ?? "")
            }, obstacles: Dictionary(nodes, uniquingKeysWith: { first, _ in first }))
    }
}
