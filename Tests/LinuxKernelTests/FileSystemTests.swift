import Glibc
import Testing

@testable import LinuxKernel

@Suite(.timeLimit(.minutes(5))) struct FileSystemTests {
    @Test func `an atomic write replaces the content and keeps the mode asked for`() throws {
        try withTemporaryDirectory { folder in
            try FileSystem.writeAtomically("\(folder)/f", Array("one".utf8), mode: 0o644)
            try FileSystem.writeAtomically("\(folder)/f", Array("two".utf8), mode: 0o600)
            #expect(try FileSystem.readText("\(folder)/f") == "two")
            #expect(try #require(try FileSystem.status("\(folder)/f")).st_mode & 0o777 == 0o600)
            #expect(try FileSystem.names(in: folder) == ["f"])
        }
    }

    @Test func `reading stops at the limit`() throws {
        try withTemporaryDirectory { folder in
            try FileSystem.writeAtomically("\(folder)/f", [UInt8](repeating: 7, count: 5000))
            #expect(try FileSystem.readFile("\(folder)/f", limit: 5000).count == 5000)
            let error = #expect(throws: SystemError.self) { try FileSystem.readFile("\(folder)/f", limit: 4999) }
            #expect(error?.errno == EFBIG)
        }
    }

    @Test func `files of proc have no size and are read whole`() throws {
        #expect(try FileSystem.readText("/proc/self/mountinfo").contains(" - "))
        #expect(SystemFacts.bootID.count == 36)
    }

    @Test func `missing parents are made and an existing file in the way is named`() throws {
        try withTemporaryDirectory { folder in
            try FileSystem.makeDirectories("\(folder)/a/b/c")
            try FileSystem.makeDirectories("\(folder)/a/b/c")
            try FileSystem.writeAtomically("\(folder)/a/file", [])
            #expect(throws: SystemError.self) { try FileSystem.makeDirectories("/proc/x/y") }
            let error = #expect(throws: SystemError.self) { try FileSystem.makeDirectories("\(folder)/a/file") }
            #expect(error?.description.contains("ENOTDIR") == true)
        }
    }

    @Test func `removing a tree leaves what its links point to`() throws {
        try withTemporaryDirectory { folder in
            try FileSystem.makeDirectories("\(folder)/outside")
            try FileSystem.writeAtomically("\(folder)/outside/kept", [1])
            try FileSystem.makeDirectories("\(folder)/tree/a/b")
            symlink("\(folder)/outside", "\(folder)/tree/a/link")
            try FileSystem.writeAtomically("\(folder)/tree/a/b/f", [1])
            try FileSystem.removeTree("\(folder)/tree")
            try FileSystem.removeTree("\(folder)/tree")
            #expect(try FileSystem.names(in: folder) == ["outside"])
            #expect(try FileSystem.names(in: "\(folder)/outside") == ["kept"])
        }
    }

    @Test func `a tree is removed by its name in an open folder, whatever bytes that has`() throws {
        try withTemporaryDirectory { folder in
            let directory = try FileDescriptor.open(folder, O_RDONLY | O_DIRECTORY)
            let raw = directory.raw
            let name: [CChar] = [0x61, -1, -2, 0]
            for inner in [name, Array("b".utf8CString)] {
                #expect(mkdirat(raw, inner, 0o755) == 0)
                let made = FileDescriptor(openat(raw, inner, O_RDONLY | O_DIRECTORY))
                let madeRaw = made.raw
                #expect(mkdirat(madeRaw, name, 0o755) == 0)
                _ = made.raw
            }
            #expect(symlinkat("b", raw, "link") == 0)
            try FileSystem.removeTree(name, at: raw)
            try FileSystem.removeTree("link", at: raw)
            try FileSystem.removeTree("none", at: raw)
            try FileSystem.removeTree("b/none/below", at: raw)
            #expect(try FileSystem.names(in: folder) == ["b"])
            try FileSystem.removeTree("b", at: raw)
            #expect(try FileSystem.names(in: folder).isEmpty)
            _ = directory.raw
        }
    }

    @Test(arguments: ["pipe", "socket", "link", "folder"])
    func `what is no regular file is refused with a remedy and not waited for`(kind: String) throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/planted"
            try FileSystem.writeAtomically("\(folder)/kept", [1])
            var socket: FileDescriptor?
            switch kind {
            case "pipe": #expect(mkfifo(path, 0o600) == 0)
            case "socket": socket = try UnixSocket.listen(path, kind: .stream)
            case "link": #expect(symlink("kept", path) == 0)
            default: try FileSystem.makeDirectories(path)
            }
            for flags in [O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC] {
                let error = #expect(throws: SystemError.self) { _ = try FileDescriptor.openRegular(path, flags) }
                #expect(error?.arguments == path && error?.detail.hasSuffix("remove it") == true, "\(error?.description ?? "")")
            }
            #expect(try FileSystem.readFile("\(folder)/kept") == [1])
            _ = socket.take()
            _ = try FileDescriptor.openRegular("\(folder)/new", O_WRONLY | O_CREAT)
        }
    }

    @Test func `a tree nested a thousand deep is removed with few descriptors`() throws {
        try withTemporaryDirectory { folder in
            mkdir("\(folder)/tree", 0o755)
            var level = try FileDescriptor.open("\(folder)/tree", O_RDONLY | O_DIRECTORY)
            for _ in 0..<1000 {
                mkdirat(level.raw, "deep", 0o755)
                level = try FileDescriptor.open("deep", O_RDONLY | O_DIRECTORY, at: level.raw)
            }
            try FileSystem.removeTree("\(folder)/tree")
            #expect(!FileSystem.exists("\(folder)/tree"))
        }
    }

    @Test(.enabled(if: getuid() == 0, "needs root: mounts a file system"))
    func `removing a tree stops at a mount and leaves its content`() throws {
        try withTemporaryDirectory { folder in
            try FileSystem.makeDirectories("\(folder)/tree/mnt")
            try FileSystem.makeDirectories("\(folder)/source")
            try FileSystem.writeAtomically("\(folder)/source/kept", [1])
            #expect(mount("\(folder)/source", "\(folder)/tree/mnt", nil, UInt(MS_BIND), nil) == 0)
            defer { umount2("\(folder)/tree/mnt", 0) }
            #expect(throws: SystemError.self) { try FileSystem.removeTree("\(folder)/tree") }
            #expect(FileSystem.exists("\(folder)/source/kept"))
        }
    }

    @Test func `a lock has one holder at a time`() throws {
        try withTemporaryDirectory { folder in
            do {
                let first = try #require(try FileLock.tryAcquire("\(folder)/lock"))
                try first.write("123")
                #expect(try FileLock.tryAcquire("\(folder)/lock") == nil)
                #expect(try FileLock.isHeld("\(folder)/lock"))
            }
            #expect(try !FileLock.isHeld("\(folder)/lock"))
            #expect(try FileLock.text("\(folder)/lock") == "123")
            #expect(try FileLock.text("\(folder)/none").isEmpty && !FileLock.isHeld("\(folder)/none"))
            #expect(throws: SystemError.self) { try FileLock.text(folder) }
        }
    }

    @Test func `a watcher reports a change in its folder`() async throws {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        try FileSystem.makeDirectories(folder)
        let (changes, feed) = AsyncStream.makeStream(of: String.self)
        let watcher = try FileWatcher()
        let id = try watcher.watch(folder) { feed.yield($0.name) }
        try FileSystem.writeAtomically("\(folder)/f", [1])
        var iterator = changes.makeAsyncIterator()
        while let name = await iterator.next(), name != "f" {}
        watcher.stop(id)
        try FileSystem.removeTree(folder)
    }
}

func withTemporaryDirectory<T>(_ body: (String) throws -> T) throws -> T {
    let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
    try FileSystem.makeDirectories(folder)
    defer { try? FileSystem.removeTree(folder) }  // best effort: the test's own result matters more
    return try body(folder)
}
