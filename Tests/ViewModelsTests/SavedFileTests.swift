import Glibc
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

/// What is saved is on the disk when it is said to be saved.
@Suite struct SavedFileTests {
    /// Whether the kernel tells of this folder's files what only the page cache has.
    private static func tells(_ folder: String) throws -> Bool {
        try FileDescriptor.open("\(folder)/control", O_WRONLY | O_CREAT, mode: 0o600).writeAll([UInt8](repeating: 1, count: 9000))
        return (UnwrittenPages.count("\(folder)/control") ?? 0) > 0
    }

    @Test(arguments: [true, false])
    func `a saved file is on the disk before it has its name`(isReplacing: Bool) async throws {
        let folder = ScratchFolder.path("saved")
        defer { try? FileSystem.removeTree(folder) }  // best effort: a temporary folder
        try FileSystem.makeDirectories(folder, mode: 0o700)
        // Where the kernel does not tell, as before 6.5, nothing can be seen of it.
        guard try Self.tells(folder) else { return }
        let path = "\(folder)/saved"
        if isReplacing { try FileSystem.writeAtomically(path, [1]) }
        let bytes = [UInt8](repeating: 7, count: 300_000)
        _ = try await FileExport(noun: "bytes") { (file) throws(SystemError) in
            try file.writeAll(bytes)
            return bytes.count
        }.save(to: path, isReplacing: isReplacing)
        #expect(try FileSystem.readFile(path) == bytes && UnwrittenPages.count(path) == 0)
        try FileSystem.writeAtomically(path, bytes)
        #expect(UnwrittenPages.count(path) == 0)
    }
}
