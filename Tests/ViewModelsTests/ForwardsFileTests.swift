import Glibc
import JSONCore
import LinuxKernel
import TestSupport
import Testing

@testable import ClusterOperations
@testable import ViewModels

/// The file of forwards, as several windows write it.
@Suite struct ForwardsFileTests {
    private static func forward(_ port: UInt16) -> SavedForward {
        SavedForward(port: port, target: ForwardTarget(.pods(namespace: "n", selector: "app=web"), port: 80), context: "kdash")
    }

    private static func with(_ body: (String) throws -> Void) throws {
        let folder = ScratchFolder.path("forwards")
        defer { try? FileSystem.removeTree(folder) }  // best effort: a temporary folder
        try body(folder)
    }

    private static func names(_ folder: String) throws -> Set<String> { Set(try FileSystem.names(in: folder)) }

    @Test func `what one window keeps is not lost by what another one writes`() throws {
        try Self.with { folder in
            let (one, other) = (ForwardsFile(folder), ForwardsFile(folder))
            try one.keep([Self.forward(1)], one.next())
            try other.keep([Self.forward(2), Self.forward(3)], other.next())
            try one.keep([Self.forward(1), Self.forward(4)], one.next())
            try other.keep([Self.forward(3)], other.next())
            #expect(try ForwardsFile(folder).left().isEmpty, "all of them are open somewhere")
            try one.keep([], one.next())
            try other.keep([], other.next())
            #expect(try ForwardsFile(folder).left().isEmpty, "what was stopped is not kept")
            #expect(try Self.names(folder) == ["forwards.json", "forwards.lock"])
        }
    }

    @Test func `windows that write at once lose nothing`() async throws {
        let folder = ScratchFolder.path("forwards")
        defer { try? FileSystem.removeTree(folder) }  // best effort: a temporary folder
        let files = (0..<8).map { _ in ForwardsFile(folder) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, file) in files.enumerated() {
                group.addTask {
                    try await KernelThread.run("kdash-test") {
                        for round in 0..<10 {
                            let ports = (0...round).map { UInt16(100 * (index + 1) + $0) }
                            try file.keep(ports.map(Self.forward), file.next())
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let text = try FileSystem.readText("\(folder)/forwards.json")
        #expect(try JSON.parse(Array(text.utf8))["forwards"]?.arrayValue?.count == 80)
    }

    @Test func `what a window had when it ended is begun by one other window only`() throws {
        try Self.with { folder in
            do {
                let ended = ForwardsFile(folder)
                try ended.keep([Self.forward(1), Self.forward(2)], ended.next())
            }
            let (one, other) = (ForwardsFile(folder), ForwardsFile(folder))
            #expect(try one.left() == [Self.forward(1), Self.forward(2)] && other.left().count == 2)
            #expect(try one.claim(Self.forward(1)) && !other.claim(Self.forward(1)) && other.claim(Self.forward(2)))
            #expect(try one.left().isEmpty && other.left().isEmpty)
            // It could not be opened, and is for whoever begins it next; of what was forgotten nothing stays.
            try one.keep([], left: [Self.forward(1)], one.next())
            #expect(try other.left() == [Self.forward(1)])
            try one.keep([], dropped: [Self.forward(1), Self.forward(2)], one.next())
            #expect(try one.left().isEmpty && other.left().isEmpty && other.claim(Self.forward(2)), "what another window has open is not for us to forget")
            #expect(try Self.names(folder).count == 3, "the file, its lock and the sign of the window that has one open")
        }
    }

    @Test func `what is older is never written over what is newer`() throws {
        try Self.with { folder in
            let file = ForwardsFile(folder)
            let (old, new) = (file.next(), file.next())
            #expect(file.isBehind)
            try file.keep([], new)
            try file.keep([Self.forward(1)], old)
            #expect(try file.left().isEmpty && !file.claim(Self.forward(1)) && !file.isBehind)
        }
    }
}
