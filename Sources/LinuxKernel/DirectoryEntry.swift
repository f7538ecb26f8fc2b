internal import CLinux
internal import Glibc

/// One name in a folder with its kind, as getdents64(2) reports them.
package struct DirectoryEntry: Sendable {
    /// The name; bytes that are not UTF-8 are kept only in `bytes`.
    package var name: String { String(decoding: bytes.dropLast(), as: UTF8.self) }
    /// The name's bytes with their final zero.
    package let bytes: [UInt8]
    /// `DT_DIR`, `DT_REG`, …; `DT_UNKNOWN` on file systems that do not say.
    package let type: UInt8

    /// Everything in an open folder but `.` and `..`, in the kernel's order; with a limit the first so many.
    package static func all(in folder: borrowing FileDescriptor, limit: Int = .max) throws(SystemError) -> [DirectoryEntry] {
        let raw = folder.raw
        var entries: [DirectoryEntry] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        lseek(raw, 0, SEEK_SET)
        while true {
            let size = try SystemError.check("getdents64", "fd \(raw)") {
                kd_getdents64(raw, buffer.baseAddress, buffer.count)
            }
            if size == 0 || entries.count >= limit { return entries.count > limit ? Array(entries.prefix(limit)) : entries }
            var position = 0
            while position < size {
                let length = Int(buffer.loadUnaligned(fromByteOffset: position + 16, as: UInt16.self))
                let type = buffer[position + 18]
                let name = buffer[(position + 19)..<(position + length)].prefix { $0 != 0 }
                if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) {
                    entries.append(DirectoryEntry(bytes: Array(name) + [0], type: type))
                }
                position += length
            }
        }
    }
}
