import Testing

@testable import LinuxKernel

@Suite(.timeLimit(.minutes(5))) struct FileWatcherTests {
    @Test func `a folder that two watch tells both, and the other when one has gone`() async throws {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        try FileSystem.makeDirectories(folder)
        let watcher = try FileWatcher()
        let (first, firstFeed) = AsyncStream.makeStream(of: String.self)
        let (second, secondFeed) = AsyncStream.makeStream(of: String.self)
        let leaving = try watcher.watch(folder) { firstFeed.yield($0.name) }
        let staying = try watcher.watch(folder) { secondFeed.yield($0.name) }
        #expect(leaving != staying)

        try FileSystem.writeAtomically("\(folder)/both", [1])
        for await name in first where name == "both" { break }
        for await name in second where name == "both" { break }
        watcher.stop(leaving)
        watcher.stop(leaving)
        try FileSystem.writeAtomically("\(folder)/one", [1])
        for await name in second where name == "one" { break }
        watcher.stop(staying)

        // What could not be watched leaves nothing behind, and the next is watched as if nothing had been.
        #expect(throws: SystemError.self) { try watcher.watch("\(folder)/missing") { _ in } }
        let (third, thirdFeed) = AsyncStream.makeStream(of: String.self)
        let last = try watcher.watch(folder) { thirdFeed.yield($0.name) }
        try FileSystem.writeAtomically("\(folder)/again", [1])
        for await name in third where name == "again" { break }
        watcher.stop(last)
        try FileSystem.removeTree(folder)
    }
}
