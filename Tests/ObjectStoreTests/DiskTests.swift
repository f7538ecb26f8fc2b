import Glibc
import LinuxKernel
import Testing

@testable import ObjectStore

/// What needs a file system of its own, and therefore root.
@Suite(.enabled(if: geteuid() == 0, "mounting a small tmpfs needs root"), .serialized)
struct DiskTests {
    /// A tmpfs mounted for the duration of `body`.
    private func withTmpfs(_ options: String, _ body: (String) async throws -> Void) async throws {
        try await TemporaryStore.withDirectory { directory in
            try SystemError.check("mount", directory) { mount("kdash-test", directory, "tmpfs", 0, options) }
            defer { umount2(directory, CInt(MNT_DETACH)) }
            try await body(directory)
        }
    }

    @Test func `on a full disk writes fail, reads go on, and writes work again when there is space`() async throws {
        try await withTmpfs("size=3m") { directory in
            let store = try ObjectStore.open(directory: directory, time: TemporaryStore.clock)
            defer { store.close() }
            let ballast = "\(directory)/ballast"
            try FileSystem.writeAtomically(ballast, [UInt8](repeating: 1, count: 1 << 20))
            let text = String(repeating: "x", count: 20_000)
            var stored = 0
            var failure: StoreError?
            while failure == nil, stored < 1000 {
                do throws(StoreError) {
                    try await store.write(.put(.pod("p\(stored)"), text))
                    stored += 1
                } catch {
                    failure = error
                }
            }
            guard case .diskFull = failure else { throw try #require(failure) }
            #expect(failure?.description.contains("free space") == true)
            #expect(stored > 5)
            let revision = store.currentRevision
            #expect(try store.list(prefix: "").items.count == stored)
            #expect(try store.get(.pod("p\(stored)")) == nil)
            #expect(try store.get(.pod("p0"), at: revision)?.text == text)

            try FileSystem.removeFile(ballast)
            let next = try await store.write(.put(.pod("p\(stored)"), text, if: .mustNotExist))
            #expect(next.revision > revision)
            #expect(try store.list(prefix: "").items.count == stored + 1)
            #expect(try drain(try store.watch(prefix: "", from: revision)).map(\.revision) == [next.revision])
        }
    }

    @Test func `a read-only directory is refused with the remedy`() async throws {
        try await withTmpfs("size=8m") { directory in
            let store = try ObjectStore.open(directory: directory, time: TemporaryStore.clock)
            try await store.write(.put(.pod("a"), "1"))
            store.close()
            // A child that another test is just starting holds every descriptor until it becomes its program.
            var remounted = mount("", directory, "", UInt(MS_REMOUNT | MS_RDONLY), "")
            for _ in 0..<1000 where remounted < 0 && errno == EBUSY {
                try await Task.sleep(for: .milliseconds(10))
                remounted = mount("", directory, "", UInt(MS_REMOUNT | MS_RDONLY), "")
            }
            try SystemError.check("mount", directory) { remounted }
            let error = #expect(throws: StoreError.self) {
                try ObjectStore.open(directory: directory, time: TemporaryStore.clock)
            }
            guard case .readOnly = error else { throw try #require(error) }
            #expect(error?.description.contains("writable") == true)
            #expect(throws: StoreError.self) { try ObjectStore.open(directory: "\(directory)/below", time: TemporaryStore.clock) }
        }
    }
}
