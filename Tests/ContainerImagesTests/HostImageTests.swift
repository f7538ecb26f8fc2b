import Glibc
import LinuxKernel
import Testing

@testable import ContainerImages

@Suite struct HostImageTests {
    @Test func `a dynamic program comes with its loader and libraries and runs in a chroot`() throws {
        try Workspace.with { work in
            let store = try work.store()
            let record = try store.importHost("/bin/ls")
            #expect(record.names == ["docker.io/host/ls:latest"])
            let image = try #require(try store.resolve("host/ls"))
            #expect(image.config.entrypoint == ["/bin/ls"])
            #expect(try store.importHost("/bin/ls").id == record.id, "the same program gives the same image")
            guard SystemFacts.isRoot else { return }
            let child = try ChildProcess.start("/usr/sbin/chroot", arguments: ["chroot", image.layerDirectories[0], "/bin/ls", "/"])
            #expect(try child.wait() == .code(0))
        }
    }

    @Test(.enabled(if: FileSystem.exists("/bin/busybox"), "needs busybox (apt install busybox)"))
    func `busybox comes with its applets`() throws {
        try Workspace.with { work in
            let store = try work.store()
            _ = try store.importHost("/bin/busybox")
            let image = try #require(try store.resolve("host/busybox"))
            #expect(try FileSystem.readLink("\(image.layerDirectories[0])/bin/sh") == "/bin/busybox")
            #expect(image.config.cmd == ["sh"])
        }
    }

    @Test func `a script and a missing program are refused`() throws {
        try Workspace.with { work in
            let store = try work.store()
            try FileSystem.writeAtomically("\(work.folder)/script", Array("#!/bin/sh\n".utf8), mode: 0o755)
            #expect(throws: ImageError.self) { try store.importHost("\(work.folder)/script") }
            let error = #expect(throws: ImageError.self) { try store.importHost("/no/such") }
            #expect(error?.code == .notFound)
            #expect(store.list().isEmpty)
        }
    }

    @Test func `the demo image is made once, on demand, and knows its modes`() throws {
        try Workspace.with { work in
            let store = try work.store()
            let image = try #require(try store.resolve("kdash.dev/demo:1"))
            #expect(image.config.entrypoint == ["/kdash-demo"] && image.config.cmd == ["log"])
            #expect(try store.resolve("kdash.dev/demo:1")?.record.loadedAt == image.record.loadedAt)
            #expect(store.list().count == 1)
            for (mode, code) in [("job", Int32(0)), ("fail", 7), ("nonsense", 2)] {
                let child = try ChildProcess.start("\(image.layerDirectories[0])/kdash-demo", arguments: ["/kdash-demo", mode])
                #expect(try child.wait() == .code(code), "\(mode)")
            }
        }
    }

    @Test func `random bytes are no program and never trap`() {
        var generator = SystemRandomNumberGenerator()
        let header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1]
        for _ in 0..<5000 {
            var bytes = header + (0..<Int.random(in: 0..<300, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if bytes.count > 57 { (bytes[32], bytes[33], bytes[54], bytes[55]) = (64, 0, 56, 0) }
            for index in 34..<40 where bytes.count > 57 { bytes[index] = 0 }
            _ = elf(bytes)
        }
        #expect(elf([]) == nil)
    }

    private func elf(_ bytes: [UInt8]) -> ELFFile? {
        ELFFile { offset, count in offset < UInt64(bytes.count) ? Array(bytes[Int(offset)...].prefix(count)) : [] }
    }
}
