internal import KubeClient
internal import LinuxKernel
internal import NIOHPACK

/// Makes the header list of an answer, with the same headers as `ResponseWriter`.
enum HTTP2ResponseHead {
    /// What speaks of one connection of HTTP/1.1 only.
    private static let dropped: Set<String> = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]

    static func list(_ response: APIResponse, _ length: BodyLength, isGzipped: Bool, date: String) -> HPACKHeaders {
        var list = HPACKHeaders()
        list.reserveCapacity(response.headers.count + 8)
        list.add(name: ":status", value: String(response.status))
        // What differs every time would only push out of the compression table what does not.
        list.add(name: "audit-id", value: response.header("audit-id") ?? SecureRandom.uuidV4(), indexing: .nonIndexable)
        if !response.contentType.isEmpty { list.add(name: "content-type", value: response.contentType) }
        var hasCacheControl = false
        for (name, value) in response.headers {
            let name = name.lowercased()
            if name == "cache-control" { hasCacheControl = true }
            guard name != "audit-id", !dropped.contains(name), HTTPHeadGrammar.isLowerCaseToken(name), ResponseWriter.isSafe(value) else { continue }
            list.add(name: name, value: value)
        }
        if !hasCacheControl { list.add(name: "cache-control", value: "no-cache, private") }
        list.add(name: "date", value: date)
        if isGzipped {
            list.add(name: "content-encoding", value: "gzip")
            list.add(name: "vary", value: "Accept-Encoding")
        }
        if case .known(let count) = length { list.add(name: "content-length", value: String(count), indexing: .nonIndexable) }
        return list
    }
}
