/// The name of an image, completed as the container world does it: `nginx` is `docker.io/library/nginx:latest`.
/// Source: distribution/reference.
package struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    /// The registry, for example `docker.io` or `localhost:5000`.
    package let registry: String
    /// The path inside the registry, for example `library/nginx`.
    package let repository: String
    /// nil only when there is a digest and no tag was written.
    package let tag: String?
    /// Pins the content; wins over the tag.
    package let digest: Digest?

    /// Parses and completes what a person or a manifest wrote.
    package init(parsing text: String) throws(ImageError) {
        func refused(_ why: String) -> ImageError { ImageError(.invalidReference, "\"\(text)\" is not an image name: \(why)") }
        guard !text.isEmpty else { throw refused("it is empty") }
        guard text.utf8.count <= 512, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw refused("only printable ASCII without blanks may appear")
        }
        var rest = Substring(text)
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            guard let parsed = Digest(rest[rest.index(after: at)...]) else {
                throw refused("after @ there must be sha256: and 64 hexadecimal digits")
            }
            digest = parsed
            rest = rest[..<at]
        }
        var tag: String?
        let lastComponent = rest.lastIndex(of: "/").map { rest.index(after: $0) } ?? rest.startIndex
        if let colon = rest[lastComponent...].firstIndex(of: ":") {
            let written = rest[rest.index(after: colon)...]
            guard Self.isTag(written) else {
                throw refused("the tag \"\(written)\" may hold 128 letters, digits, underscores, dots and hyphens")
            }
            tag = String(written)
            rest = rest[..<colon]
        }
        var registry = "docker.io"
        var repository = String(rest)
        if let slash = rest.firstIndex(of: "/") {
            let first = rest[..<slash]
            if first == "localhost" || first.contains(where: { $0 == "." || $0 == ":" || $0.isUppercase }) {
                guard Self.isRegistry(first) else { throw refused("\"\(first)\" is not a registry host") }
                registry = first == "index.docker.io" ? "docker.io" : String(first)
                repository = String(rest[rest.index(after: slash)...])
            }
        }
        if registry == "docker.io", !repository.contains("/") { repository = "library/\(repository)" }
        guard repository.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(Self.isPathComponent) else {
            throw refused("a repository has lower-case letters and digits, joined by . _ __ or - and separated by /")
        }
        guard registry.utf8.count + 1 + repository.utf8.count <= 255 else { throw refused("it is longer than 255 characters") }
        if rest.utf8.count == 64, Digest(hex: rest) != nil { throw refused("64 hexadecimal digits are an image id, not a name") }
        self.registry = registry
        self.repository = repository
        self.tag = tag ?? (digest == nil ? "latest" : nil)
        self.digest = digest
    }

    /// Without tag and digest: `docker.io/library/nginx`.
    package var name: String { "\(registry)/\(repository)" }

    /// Complete: `docker.io/library/nginx:latest`, or with `@sha256:…`.
    package var description: String {
        name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    /// As short as people write it: `nginx:latest`.
    package var familiar: String {
        var short = name
        for prefix in ["docker.io/library/", "docker.io/"] where short.hasPrefix(prefix) { short.removeFirst(prefix.count) }
        return short + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    private static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else {
            return false
        }
        return text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, 95: true
        default: false
        }
    }

    private static func isRegistry(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.count == 1 || UInt16(parts[1]) != nil else { return false }
        return parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last, first != 45, last != 45 else { return false }
            return label.utf8.allSatisfy { ($0 != 95 && isWord($0)) || $0 == 45 }
        }
    }

    /// `[a-z0-9]+((?:[._]|__|[-]+)[a-z0-9]+)*`
    private static func isPathComponent(_ text: Substring) -> Bool {
        var separator: [UInt8] = []
        var hasStarted = false
        for byte in text.utf8 {
            switch byte {
            case 97...122, 48...57:
                let isAllowed = separator.isEmpty || separator.count == 1 || separator == [95, 95] || separator.allSatisfy { $0 == 45 }
                guard isAllowed, hasStarted || separator.isEmpty else { return false }
                hasStarted = true
                separator = []
            case 45, 46, 95: separator.append(byte)
            default: return false
            }
        }
        return hasStarted && separator.isEmpty
    }
}
