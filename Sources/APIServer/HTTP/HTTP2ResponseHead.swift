internal import KubeClient
internal import NIOHPACK

/// Makes the header list of an answer.
enum HTTP2ResponseHead {
    /// What speaks of one connection of HTTP/1.1 only.
    private static let dropped: Set<String> = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]

    static func list(_ response: APIResponse, _ length: BodyLength, isGzipped: Bool, date: String) -> HPACKHeaders {
        var list = HPACKHeaders()
        list.reserveCapacity(response.headers.count + 8)
        list.add(name: ":status", value: String(response.status))
        ResponseFields.visit(response, isGzipped: isGzipped, date: date) { name, value in
            guard !dropped.contains(name) else { return }
            // What differs every time would only push out of the compression table what does not.
            list.add(name: name, value: value, indexing: name == "audit-id" ? .nonIndexable : .indexable)
        }
        if case .known(let count) = length { list.add(name: "content-length", value: String(count), indexing: .nonIndexable) }
        return list
    }
}
