import LinuxKernel

/// One file of a volume that is made from API objects.
struct VolumeFile: Sendable, Hashable {
    /// Relative to the volume, without `..`.
    var path: String
    var bytes: [UInt8]
    /// Permission bits.
    var mode: UInt32
    /// Owner; nil is root.
    var owner: UInt32?
}

/// Why a volume is not ready.
struct VolumeProblem: Error, Sendable, Hashable {
    /// As the kubelet words it.
    let message: String
    /// An object is missing: it is tried again when that appears, not by the clock.
    var waitsForObject = false
}

extension VolumeFile {
    /// Whether a path stays inside the volume and clear of the names that the atomic swap uses.
    static func isAcceptable(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, path.utf8.count <= 4095, !path.utf8.contains(0) else { return false }
        return parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 } && !path.hasPrefix("..")
    }
}
