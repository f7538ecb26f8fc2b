internal import APIMachinery

/// Which form of discovery a client takes.
enum DiscoveryNegotiation {
    /// The version of the aggregated form that a client takes before anything else that is served; nil for the plain form.
    static func aggregatedVersion(_ accept: String?) -> String? {
        for entry in (accept ?? "").split(separator: ",") {
            let media = MediaType(entry)
            guard media.type == "application/json" || media.type == "*/*" else { continue }
            guard media.parameters["as"] != nil || media.parameters["g"] != nil else { return nil }
            if media.parameters["as"] == "APIGroupDiscoveryList", media.parameters["g"] == "apidiscovery.k8s.io",
                let version = media.parameters["v"], Discovery.aggregatedVersions.contains(version)
            {
                return version
            }
        }
        return nil
    }

    /// Whether a client takes JSON.
    static func takesJSON(_ accept: String?) -> Bool {
        guard let accept, !accept.isEmpty else { return true }
        return accept.split(separator: ",").contains { ["application/json", "application/*", "*/*"].contains(MediaType($0).type) }
    }

    /// Whether a client wants the OpenAPI v2 document in its binary form, before JSON.
    static func takesSwaggerProtobuf(_ accept: String?) -> Bool {
        for entry in (accept ?? "").split(separator: ",") {
            let type = MediaType(entry).type
            if OpenAPIV2.protobufMediaTypes.contains(type) { return true }
            if ["application/json", "application/*", "*/*"].contains(type) { return false }
        }
        return false
    }
}

/// The conditions of requests for documents that clients keep.
enum EntityTag {
    /// Whether an If-None-Match header names a tag.
    static func matches(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { entry in
            var entry = Substring(entry).trimmingSpaces()
            if entry.hasPrefix("W/") { entry = entry.dropFirst(2) }
            return entry == "*" || entry == "\"\(tag)\""
        }
    }
}
