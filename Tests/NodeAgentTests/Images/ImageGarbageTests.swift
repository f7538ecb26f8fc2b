import ContainerImages
import LinuxKernel
import Testing

@testable import NodeAgent

struct ImageGarbageTests {
    private static let bounds: [(Int64, Int64, Int64)] = [
        // Of 1,000 GiB: what is available, what is wanted with 85 and 80 percent, and with 100.
        (1000, 0, 0), (160, 0, 0), (151, 49, 0), (150, 50, 0), (100, 100, 0), (0, 200, 0),
    ]

    @Test(arguments: bounds)
    func `so much goes that the lower bound is met`(available: Int64, wanted: Int64, never: Int64) {
        let room = (capacity: ByteCount.gibibytes(1000), available: ByteCount.gibibytes(available))
        #expect(ImageGarbage().excess(capacity: room.capacity, available: room.available) == .gibibytes(wanted))
        #expect(ImageGarbage(high: 100).excess(capacity: room.capacity, available: room.available) == .gibibytes(never))
    }

    @Test func `a disk that cannot be read is not full`() {
        #expect(ImageGarbage().excess(capacity: ByteCount(.max), available: ByteCount(.max)) == .zero)
        #expect(ImageGarbage().excess(capacity: .zero, available: .zero) == .zero)
        #expect(ImageGarbage(high: 10, low: 90).low == 10)
    }

    private static func digest(_ number: UInt8) -> Digest { Digest(of: [number]) }

    /// Seconds of loading and of the last use; a name or none.
    private static func image(_ number: UInt8, loaded: Int64, used: Int64? = nil, named: Bool = true) -> ImageGarbage.Candidate {
        .init(id: digest(number), loadedAt: Timestamp(seconds: loaded), lastUse: used.map { Timestamp(seconds: $0) }, hasName: named)
    }

    private static func order(_ images: [ImageGarbage.Candidate], used: [UInt8] = [], now: Int64 = 1000, since: Int64 = 0, urgent: Bool = false) -> [Digest] {
        ImageGarbage.order(
            images, inUse: Set(used.map(digest)), now: Timestamp(seconds: now), since: Timestamp(seconds: since), isUrgent: urgent)
    }

    @Test func `the longest unused image goes first, one in use never`() {
        let images = [Self.image(1, loaded: 10, used: 500), Self.image(2, loaded: 20, used: 400), Self.image(3, loaded: 5, used: 300)]
        #expect(Self.order(images) == [3, 2, 1].map(Self.digest))
        #expect(Self.order(images, used: [3]) == [2, 1].map(Self.digest))
        #expect(Self.order(images, used: [1, 2, 3], urgent: true).isEmpty)
    }

    @Test func `a young image stays, whether loaded or used a moment ago, and each does at the daemon's start`() {
        #expect(Self.order([Self.image(1, loaded: 881, used: 881)]).isEmpty)
        #expect(Self.order([Self.image(1, loaded: 880, used: 880)]).count == 1)
        #expect(Self.order([Self.image(1, loaded: 10, used: 881)]).isEmpty)
        #expect(Self.order([Self.image(1, loaded: 10, used: 20)], since: 881).isEmpty)
    }

    @Test func `what was loaded and not used yet goes only before pods would`() {
        let images = [Self.image(1, loaded: 10), Self.image(2, loaded: 20, named: false)]
        #expect(Self.order(images) == [Self.digest(2)])
        #expect(Self.order(images, urgent: true) == [1, 2].map(Self.digest))
    }

    @Test func `a round is due every five minutes, and trouble is told twice and then hourly`() {
        var rounds = ImageRounds()
        let begun = [10, 309, 310].map { rounds.begin(at: .seconds($0)) }
        #expect(begun == [true, false, true])
        let told = [310, 610, 910, 4210].map { rounds.fail(at: .seconds($0)) }
        let both = ["FreeDiskSpaceFailed", "ImageGCFailed"]
        #expect(told == [["FreeDiskSpaceFailed"], both, [], both])
        rounds.succeed()
        let again = rounds.fail(at: .seconds(4510))
        #expect(again == ["FreeDiskSpaceFailed"])
    }
}
