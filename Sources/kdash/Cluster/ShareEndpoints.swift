import APIMachinery
import JSONCore
import KubeClient
import NodeAgent

/// `/kdash/v1/shares`: the folders of this machine that the node has. GET lists them, POST with `path` and `mode` shares one, and POST to
/// `/kdash/v1/shares/remove` with `path` takes it back.
struct ShareEndpoints: Sendable {
    let shares: NodeShares

    func handle(_ request: APIRequest, _ route: String) async throws(APIStatus) -> APIResponse {
        do throws(NodeShares.Problem) {
            switch (request.method, route) {
            case (.get, "/shares"): return .json(answer(shares.all))
            case (.post, "/shares"):
                guard let share = NodeShare(json: ["path": text("path", request), "mode": text("mode", request)]) else { break }
                return .json(answer([try await shares.add(share)]))
            case (.post, "/shares/remove"):
                guard let path = text("path", request).stringValue else { break }
                return .json(answer([try await shares.remove(path)]))
            default: break
            }
        } catch {
            throw .badRequest("\(error)")
        }
        throw .badRequest("\(request.method.rawValue) \(request.path) needs the query parameters path (absolute) and mode (ro or rw)")
    }

    private func text(_ name: String, _ request: APIRequest) -> JSONValue { request.queryValues(name).first.map { .string($0) } ?? .null }

    private func answer(_ some: [NodeShare]) -> JSONValue {
        ["shares": .array(some.map(\.json)), "live": .bool(shares.isLive)]
    }
}
