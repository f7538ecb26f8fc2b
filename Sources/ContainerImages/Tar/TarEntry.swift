/// One member of a tar archive, with everything its extended headers said.
struct TarEntry {
    enum Kind: Hashable {
        case file, directory, symbolicLink, hardLink, fifo
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
    }

    var path: [UInt8] = []
    var kind = Kind.file
    var linkTarget: [UInt8] = []
    var size: Int64 = 0
    /// Permission bits with setuid, setgid and sticky.
    var mode: UInt32 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    var modified: (seconds: Int64, nanoseconds: Int64) = (0, 0)
    /// Extended attributes by full name, for example `security.capability`.
    var attributes: [(name: String, value: [UInt8])] = []

    /// For messages; invalid UTF-8 is shown replaced.
    var displayPath: String { String(decoding: path, as: UTF8.self) }
}
