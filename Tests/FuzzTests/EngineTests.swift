import Glibc
import LinuxKernel
import Testing

extension FuzzTarget {
    /// Targets that go wrong at an input with two given letters, each in its way.
    static let faulty: [FuzzTarget] = [
        faulty("trap") { [Int]()[$0.count] == 0 },
        faulty("hang") { input in
            while !input.isEmpty {}
            return true
        },
        faulty("memory") { _ in
            var blocks: [[UInt8]] = []
            while blocks.count < 1024 { blocks.append([UInt8](unsafeUninitializedCapacity: 4 << 20) { $1 = 0 }) }
            return blocks.count < 1024
        },
        faulty("rule") { _ in false },
        faulty("exit") { _ in exit(3) },
    ]

    private static func faulty(_ name: String, _ fault: @escaping @Sendable ([UInt8]) -> Bool) -> FuzzTarget {
        FuzzTarget("faulty-\(name)", tokens: ["XY"]) {
            { input, seen in
                seen.note("length", input.count)
                let isBad = zip(input, input.dropFirst()).contains { $0 == (UInt8(ascii: "X"), UInt8(ascii: "Y")) }
                try Violation.unless(!isBad || fault(input), "the fault is not there", "\(input.count) bytes")
            }
        }
    }
}

@Suite(.serialized, .enabled(if: FuzzPlan.variable("WORKER") == nil)) struct EngineTests {
    @Test(arguments: [
        ("trap", "signal"), ("hang", "takes more than 0.5 s"), ("memory", "signal"), ("rule", "the fault is not there: 2 bytes"),
        ("exit", "code 3"),
    ])
    func `what an input does wrong is found, told and seen again with the saved input`(name: String, words: String) async throws {
        let directory = "/tmp/kdash-fuzz-failures-\(SecureRandom.hex(8))"
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        let target = try #require(FuzzTarget.faulty.first { $0.name == "faulty-\(name)" })
        var plan = FuzzPlan(seconds: 30, seed: 1)
        if name == "hang" { plan.patience = 0.5 }
        let found = try await FuzzRun(target: target, plan: plan, failures: directory)()
        #expect(found.failure?.contains(words) == true, "\(found)")
        let path = try #require(found.path)
        #expect(String(decoding: try FileSystem.readFile(path), as: UTF8.self).contains("XY"))
        plan.input = path
        let again = try await FuzzRun(target: target, plan: plan, failures: directory)()
        #expect(again.failure?.contains(words) == true, "\(again)")
    }

    @Test func `the same seed makes the same inputs`() {
        let mutator = Mutator(.json)
        func inputs(_ seed: UInt64) -> [[UInt8]] {
            var random = FuzzRandom(seed: seed)
            let pool = [Array("{\"a\":[1,2]}".utf8), Array("[true]".utf8)]
            return (0..<200).map { _ in mutator.mutate(random.pick(pool), with: pool, &random) }
        }
        #expect(inputs(1) == inputs(1))
        #expect(inputs(1) != inputs(2))
        #expect(Set(inputs(3)).count > 100)
        #expect(inputs(4).allSatisfy { $0.count <= FuzzTarget.json.largest })
    }

    @Test func `an input is kept for what it does first, and no other`() {
        var pool = FuzzPool()
        let taken = [pool.add([1], [10]), pool.add([2], [10]), pool.add([3], [10, 11])]
        #expect(taken == [true, false, true])
        #expect(pool.inputs == [[1], [3]])
    }

    @Test func `every target has a corpus, and no folder is without its target`() throws {
        let folders = try FileSystem.names(in: "\(Corpus.root)/Tests/FuzzTests/Corpus")
        #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
        for target in FuzzTarget.all {
            let inputs = try Corpus.committed(target)
            #expect(inputs.count > 2, "\(target.name)")
            #expect(inputs.allSatisfy { $0.bytes.count <= target.largest }, "\(target.name)")
        }
    }
}
