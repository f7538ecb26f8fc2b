package import APIMachinery
import JSONCore

extension KubeClient {
    /// What a server made of a write, and what it warned of.
    package struct Written: Sendable {
        /// The object as stored, or as a dry run would have stored it.
        package let object: KubeObject
        /// The server's warnings, in order.
        package let warnings: [String]
    }

    /// Creates an object (`isNew`) or replaces it, as ``create(_:_:namespace:options:)`` and ``update(_:_:subresource:options:)``, and returns the server's
    /// warnings with it.
    package func write(
        _ resource: GroupVersionResource, _ object: KubeObject, namespace: String?, isNew: Bool, options: WriteOptions
    ) async throws(APIStatus) -> Written {
        var request = request(
            isNew ? .post : .put, resource, namespace ?? object.namespace, isNew ? nil : object.name, nil, query: options.query,
            contentType: "application/json", body: JSON.encode(object.value))
        request.accept = "application/json"
        let response = try await raw(request)
        if let failure = try await response.failure(method: request.method.rawValue) { throw failure }
        guard case .bytes(let bytes) = response.body else {
            throw APIStatus.internalError("\(transport.serverDescription) answered \(request.path) with a stream")
        }
        do throws(JSONError) {
            let value = try JSON.parse(bytes, limits: .unlimitedSize)
            return Written(object: KubeObject(value), warnings: response.warnings)
        } catch {
            throw APIStatus.internalError("\(transport.serverDescription) answered \(request.path) with broken JSON: \(error)")
        }
    }
}

extension APIResponse {
    /// The texts of the warning headers, at most 100. Source: RFC 7234 section 5.5, as apiserver writes them: `299 - "text"`.
    package var warnings: [String] {
        var found: [String] = []
        for (name, value) in headers where name == "warning" {
            var rest = Substring(value)
            while found.count < 100, let quote = rest.firstIndex(of: "\"") {
                var text = ""
                var index = rest.index(after: quote)
                while index < rest.endIndex, rest[index] != "\"" {
                    if rest[index] == "\\", rest.index(after: index) < rest.endIndex { index = rest.index(after: index) }
                    text.append(rest[index])
                    index = rest.index(after: index)
                }
                if !text.isEmpty { found.append(text) }
                rest = index < rest.endIndex ? rest[rest.index(after: index)...] : ""
            }
        }
        return found
    }
}
