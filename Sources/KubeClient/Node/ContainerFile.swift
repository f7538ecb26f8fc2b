package import JSONCore
package import LinuxKernel

/// One file of a container.
package struct ContainerFile: Sendable, Hashable {
    /// What a file is.
    package enum Kind: String, Sendable, Hashable { case directory, file, link, pipe, socket, character, block, unknown }

    /// Its name in its directory.
    package var name: FilePath
    /// What it is.
    package var kind: Kind
    /// Its length; zero for what has none, and for files that the kernel makes up.
    package var size: ByteCount
    /// The permissions with setuid, setgid and sticky: the low 12 bits of its mode.
    package var mode: Int64
    /// The numbers of its owner and group, as the container sees them.
    package var owner: Int64
    package var group: Int64
    /// When its content changed last.
    package var modified: Timestamp
    /// Where a link leads, as it says; nil for everything else.
    package var link: FilePath?
    /// Which file in which state it is, to write only what was read.
    package var version: String

    /// A file.
    package init(
        name: FilePath, kind: Kind, size: ByteCount, mode: Int64, owner: Int64, group: Int64, modified: Timestamp, link: FilePath? = nil, version: String
    ) {
        self.name = name
        self.kind = kind
        self.size = size
        self.mode = mode
        self.owner = owner
        self.group = group
        self.modified = modified
        self.link = link
        self.version = version
    }

    /// `drwxr-xr-x`, as ls writes it.
    package var modeText: String {
        let sign: [Kind: String] = [.directory: "d", .file: "-", .link: "l", .pipe: "p", .socket: "s", .character: "c", .block: "b"]
        var text = sign[kind] ?? "?"
        for (shift, special, small, large) in [(6, Int64(0o4000), "s", "S"), (3, 0o2000, "s", "S"), (0, 0o1000, "t", "T")] {
            let bits = mode >> Int64(shift) & 7
            text += bits & 4 != 0 ? "r" : "-"
            text += bits & 2 != 0 ? "w" : "-"
            text += mode & special != 0 ? (bits & 1 != 0 ? small : large) : (bits & 1 != 0 ? "x" : "-")
        }
        return text
    }
}

extension ContainerFile {
    /// As `/kdash/v1/containers` answers.
    package var value: JSONValue {
        var object: JSONObject = [
            "name": .string(name.description), "kind": .string(kind.rawValue), "size": .integer(size.value), "mode": .integer(mode), "uid": .integer(owner),
            "gid": .integer(group), "modified": .string(modified.rfc3339), "version": .string(version),
        ]
        if let link { object["link"] = .string(link.description) }
        return .object(object)
    }

    /// Reads what ``value`` wrote; nil when it is no file.
    package init?(_ value: JSONValue) {
        guard let name = value["name"]?.stringValue.flatMap({ FilePath($0) }), let modified = value["modified"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        self.init(
            name: name, kind: value["kind"]?.stringValue.flatMap { Kind(rawValue: $0) } ?? .unknown, size: ByteCount(value["size"]?.integerValue ?? 0),
            mode: value["mode"]?.integerValue ?? 0, owner: value["uid"]?.integerValue ?? 0, group: value["gid"]?.integerValue ?? 0, modified: modified,
            link: value["link"]?.stringValue.flatMap { FilePath($0) }, version: value["version"]?.stringValue ?? "")
    }
}

/// What lies in a directory of a container.
package struct ContainerListing: Sendable, Hashable {
    /// More entries are left out.
    package static let maximumEntries = 10_000

    /// The files, in the order of the file system.
    package var files: [ContainerFile]
    /// Whether there are more.
    package var isCut: Bool
    /// Whether the container runs; of one that has ended the last state is shown, which cannot be changed.
    package var isRunning: Bool

    /// A listing.
    package init(files: [ContainerFile], isCut: Bool, isRunning: Bool) {
        self.files = files
        self.isCut = isCut
        self.isRunning = isRunning
    }

    /// As `/kdash/v1/containers` answers.
    package var value: JSONValue { ["files": .array(files.map(\.value)), "cut": .bool(isCut), "running": .bool(isRunning)] }

    /// Reads what ``value`` wrote; nil for anything else.
    package init?(_ value: JSONValue) {
        guard let files = value["files"]?.arrayValue else { return nil }
        self.init(files: files.compactMap { ContainerFile($0) }, isCut: value["cut"]?.boolValue ?? false, isRunning: value["running"]?.boolValue ?? false)
    }
}

/// A part of a file of a container.
package struct ContainerFilePart: Sendable, Hashable {
    /// The most that one answer holds.
    package static let maximumBytes = 4 << 20

    /// The file.
    package var file: ContainerFile
    /// The bytes, fewer than asked for at the end.
    package var bytes: [UInt8]
    /// Whether the container runs.
    package var isRunning: Bool

    /// A part.
    package init(file: ContainerFile, bytes: [UInt8], isRunning: Bool) {
        self.file = file
        self.bytes = bytes
        self.isRunning = isRunning
    }
}
