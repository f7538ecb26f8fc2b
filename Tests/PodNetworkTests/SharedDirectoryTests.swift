import LinuxKernel
import Synchronization
import Testing

@testable import PodNetwork

@Suite struct SharedDirectoryTests {
    @Test func `one at a time has its turn, whoever takes the directory along meanwhile`() throws {
        let path = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        let shared = SharedDirectory(path)
        let state = Mutex((turns: 0, left: 4, problems: [String]()))
        let done = try EventFD()
        for number in 0..<4 {
            KernelThread.start("turns") {
                do throws(SystemError) {
                    for _ in 0..<200 {
                        let others = try Self.takeTurn(shared, number)
                        state.withLock { state in
                            if others > 0 { state.problems.append("\(others) others have a turn") }
                            state.turns += 1
                        }
                        try shared.removeIfUnused()
                    }
                } catch {
                    state.withLock { $0.problems.append("\(error)") }
                }
                state.withLock { $0.left -= 1 }
                done.signal()
            }
        }
        while state.withLock({ $0.left }) > 0 {
            guard try pollReadable([done.raw], timeout: .seconds(30))[0] else { break }
            done.drain()
        }
        let (turns, problems) = state.withLock { ($0.turns, $0.problems) }
        #expect(turns == 800)
        #expect(problems == [])
        #expect(!FileSystem.exists(path), "the last one takes it along")
    }

    /// How many others have left something in the directory meanwhile.
    private static func takeTurn(_ shared: SharedDirectory, _ number: Int) throws(SystemError) -> Int {
        let turn = try shared.lock()
        defer { withExtendedLifetime(turn) {} }
        let others = try FileSystem.names(in: shared.path).count - 1
        try FileSystem.writeAtomically("\(shared.path)/\(number)", [])
        try FileSystem.removeFile("\(shared.path)/\(number)")
        return others
    }
}
