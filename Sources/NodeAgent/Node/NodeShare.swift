package import JSONCore

/// A folder of this machine that pods find in the node under the same path, as a `hostPath` volume.
package struct NodeShare: Sendable, Hashable {
    /// Absolute and without links, on the machine and in the node alike.
    package let path: String
    /// Nothing in the node can change it.
    package let isReadOnly: Bool

    package init(path: String, isReadOnly: Bool) {
        self.path = path
        self.isReadOnly = isReadOnly
    }

    /// What a person wrote: `DIR`, `DIR:rw` or `DIR:ro`.
    package init(argument: String) {
        let isReadOnly = argument.hasSuffix(":ro")
        self.init(path: isReadOnly || argument.hasSuffix(":rw") ? String(argument.dropLast(3)) : argument, isReadOnly: isReadOnly)
    }

    /// `ro` or `rw`.
    package var mode: String { isReadOnly ? "ro" : "rw" }

    /// Places of the node that are its own.
    private static let reserved = ["/proc", "/sys", "/dev", "/run", NodePaths.nodeBase]

    /// Why the folder cannot be shared, with what to do instead; nil when it can.
    /// - Parameter data: the cluster's data directory, without links; nil to look at the node's places only.
    package func refusal(data: String?) -> String? {
        if path == "/" { return "/ is the whole machine: share the folder that pods need" }
        if let data, Self.contains(path, data) { return "\(path) holds the cluster's keys in \(data): share a folder beside it" }
        if let data, Self.contains(data, path) { return "\(path) is part of the cluster's own data in \(data): share a folder elsewhere" }
        for own in Self.reserved {
            if Self.contains(own, path) { return "the node has its own \(own): share a folder elsewhere" }
            if Self.contains(path, own) { return "\(path) would hide the node's own \(own): share a folder below it" }
        }
        return nil
    }

    private static func contains(_ folder: String, _ path: String) -> Bool { path == folder || path.hasPrefix(folder + "/") }

    /// As in the file of shares and in answers of `/kdash/v1/shares`.
    package var json: JSONValue { ["path": .string(path), "mode": .string(mode)] }

    /// Nil when it is none.
    package init?(json: JSONValue) {
        guard let path = json["path"]?.stringValue, path.hasPrefix("/"), let mode = json["mode"]?.stringValue, mode == "ro" || mode == "rw" else { return nil }
        self.init(path: path, isReadOnly: mode == "ro")
    }
}
