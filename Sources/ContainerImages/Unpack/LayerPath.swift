/// A path inside a layer: names only, no empty ones, no `.` and no `..`.
struct LayerPath: Hashable, Sendable {
    var names: [[UInt8]]

    init(_ names: [[UInt8]]) { self.names = names }

    /// A leading slash means the layer's root. `..` is refused: no honest archive needs it.
    init(parsing bytes: [UInt8]) throws(ImageError) {
        var names: [[UInt8]] = []
        for part in bytes.split(separator: 47) where !part.elementsEqual([46]) {
            if part.elementsEqual([46, 46]) {
                throw ImageError(.corrupt, "the path \(String(decoding: bytes, as: UTF8.self)) contains \"..\"")
            }
            guard part.count <= 255 else {
                throw ImageError(
                    .corrupt, "the path \(String(decoding: bytes.prefix(80), as: UTF8.self))… has a name longer than 255 bytes")
            }
            names.append(Array(part))
        }
        self.names = names
    }

    var parent: LayerPath { LayerPath(Array(names.dropLast())) }

    /// The last name with a final zero; `.` for the root itself.
    var lastName: [CChar] { ((names.last ?? [46]) + [0]).map { CChar(bitPattern: $0) } }

    /// Relative to the root; `.` for the root itself.
    var text: String { names.isEmpty ? "." : String(decoding: Array(names.joined(separator: [47])), as: UTF8.self) }

    /// As `text`, byte for byte, with a final zero.
    var cString: [CChar] { (names.isEmpty ? [46, 0] : Array(names.joined(separator: [47])) + [0]).map { CChar(bitPattern: $0) } }

    /// What a symbolic link in `folder` that says `target` means, staying inside the root as in a chroot.
    static func resolving(link target: [UInt8], in folder: ArraySlice<[UInt8]>) -> [[UInt8]] {
        var names = target.first == 47 ? [] : Array(folder)
        for part in target.split(separator: 47) where !part.elementsEqual([46]) {
            if part.elementsEqual([46, 46]) { _ = names.popLast() } else { names.append(Array(part)) }
        }
        return names
    }
}
