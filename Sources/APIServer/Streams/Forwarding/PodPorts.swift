internal import APIMachinery
internal import KubeClient

/// The ports of one pod, as port-forwarding reaches them.
struct PodPorts: Sendable {
    let connection: any NodeConnection
    /// `name_namespace`, as the kubelet names pods.
    let pod: String
    let uid: String
    /// Given when nobody forwards ports any more, which is when nobody holds it.
    var end: EndNotice?

    /// Connects to a port inside the pod. Throws what the client is told, in the kubelet's words.
    /// Source: cri-streaming `portforward/httpstream.go`.
    func open(_ port: UInt16) async throws(APIStatus) -> any StreamSession {
        do throws(APIStatus) {
            return try await connection.portForward(podUID: uid, port: port)
        } catch {
            throw failure(port, error)
        }
    }

    /// What went wrong with a connection, as the client is told.
    func failure(_ port: UInt16, _ status: APIStatus) -> APIStatus {
        APIStatus(code: 500, reason: .internalError, message: "error forwarding port \(port) to pod \(pod), uid \(uid): \(status.message)")
    }

    /// A port as a client names it; nil unless it is 1 to 65535.
    static func parse(_ text: String) -> UInt16? {
        guard let port = UInt16(text), port > 0, text.utf8.first != UInt8(ascii: "+") else { return nil }
        return port
    }
}

extension Result where Success == any StreamSession, Failure == APIStatus {
    /// Gives up what was opened.
    func cancel() {
        if case .success(let session) = self { session.cancel() }
    }
}
