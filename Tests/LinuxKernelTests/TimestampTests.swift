import Testing

@testable import LinuxKernel

@Suite struct TimestampTests {
    @Test func `a parsed timestamp prints itself in the three fixed widths`() throws {
        let stamp = try #require(Timestamp(rfc3339: "2026-01-02T03:04:05.123456789Z"))
        #expect(stamp.rfc3339 == "2026-01-02T03:04:05Z")
        #expect(stamp.rfc3339Micro == "2026-01-02T03:04:05.123456Z")
        #expect(stamp.rfc3339Nano == "2026-01-02T03:04:05.123456789Z")
    }

    @Test func `offsets are folded into UTC`() {
        #expect(Timestamp(rfc3339: "2026-01-01T01:30:00+02:30")?.rfc3339 == "2025-12-31T23:00:00Z")
        #expect(Timestamp(rfc3339: "2024-02-29T23:59:59-00:01")?.rfc3339 == "2024-03-01T00:00:59Z")
    }

    @Test(arguments: [
        "", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2026-02-29T03:04:05Z", "2026-01-02T24:00:00Z",
        "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+0100", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05Zx", "x026-01-02T03:04:05Z",
    ])
    func `text that is not a moment is refused`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `every day of four centuries survives a round trip`() {
        for day in stride(from: Int64(-25567), to: 120_000, by: 1) {
            let stamp = Timestamp(seconds: day * 86400 + 45296)
            #expect(Timestamp(rfc3339: stamp.rfc3339) == stamp)
        }
    }

    @Test func `durations and moments agree`() {
        let a = Timestamp(seconds: 10, nanoseconds: 900_000_000)
        let b = a.advanced(by: .milliseconds(200))
        #expect(b == Timestamp(seconds: 11, nanoseconds: 100_000_000))
        #expect(b - a == .milliseconds(200))
        #expect(a - b == .milliseconds(-200))
        #expect(b.advanced(by: .milliseconds(-200)) == a)
        #expect(Timestamp(seconds: .max).advanced(by: .seconds(5)).seconds == .max)
    }
}
