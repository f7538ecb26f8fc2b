import JSONCore

/// The file that a text came from, as it was when it was read or written last.
package struct FileOrigin: Sendable, Hashable {
    /// Where it is, links followed.
    package var path: String
    /// What it held, as a number that changes with it.
    var digest: UInt64
    /// Whether its lines end with a carriage return, too.
    var hasReturns: Bool

    /// The last part of the path.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// As a draft keeps it.
    var value: JSONValue { ["path": .string(path), "digest": .string(String(digest, radix: 16)), "hasReturns": .bool(hasReturns)] }

    init(path: String, digest: UInt64, hasReturns: Bool) {
        self.path = path
        self.digest = digest
        self.hasReturns = hasReturns
    }

    /// Reads what ``value`` wrote; nil when it is none.
    init?(_ value: JSONValue?) {
        guard let path = value?["path"]?.stringValue, let digest = value?["digest"]?.stringValue.flatMap({ UInt64($0, radix: 16) }) else { return nil }
        self.init(path: path, digest: digest, hasReturns: value?["hasReturns"]?.boolValue ?? false)
    }

    /// FNV-1a: it only tells whether somebody else wrote the file.
    static func digest(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
