import LinuxKernel
import Testing

@Suite struct TimeZoneRulesTests {
    /// A file with one type an hour east, no transitions and a rule at its end.
    private func file(_ rule: String) -> [UInt8] {
        let head = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + ([0, 0, 0, 0, 1, 4] as [UInt8]).flatMap { count -> [UInt8] in [0, 0, 0, count] }
        let block: [UInt8] = [0, 0, 0x0E, 0x10, 0, 0] + Array("CET\0".utf8)
        return head + block + head + block + Array("\n\(rule)\n".utf8)
    }

    private func offset(_ rule: String, _ text: String) throws -> Int64 {
        let moment = try #require(Timestamp(rfc3339: text))
        return try #require(TimeZoneRules(tzif: file(rule))).offset(at: moment.seconds)
    }

    @Test(arguments: [
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600), ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7200),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:59Z", 7200), ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3600),
        ("EST5EDT,M3.2.0,M11.1.0", "2026-07-01T00:00:00Z", -14400), ("EST5EDT,M3.2.0,M11.1.0", "2026-12-01T00:00:00Z", -18000),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 39600), ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-06-01T00:00:00Z", 36000),
        ("<+0545>-5:45", "2026-01-01T00:00:00Z", 20700), ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0),
        ("XXX3YYY,J60/0,J300/0", "2028-03-01T04:00:00Z", -7200), ("XXX3YYY,59/0,300/0", "2028-02-29T04:00:00Z", -7200),
    ])
    func `the rule at the end of the file says when summer is`(_ rule: String, _ moment: String, _ expected: Int64) throws {
        #expect(try offset(rule, moment) == expected)
    }

    @Test(arguments: ["", "CET", "C-1", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.5.0", "<CET-1", "CET-99", "CET-1CEST,J0,J1"])
    func `a rule that cannot be read is none`(_ rule: String) throws {
        #expect(try offset(rule, "2026-07-01T00:00:00Z") == 3600)
    }

    @Test func `a file that is cut anywhere is refused or harmless`() {
        let whole = file("CET-1CEST,M3.5.0,M10.5.0/3")
        for length in 0..<whole.count {
            let rules = TimeZoneRules(tzif: Array(whole[..<length]))
            #expect(length >= 54 || rules == nil)
            _ = rules?.offset(at: .max)
            _ = rules?.offset(at: .min)
        }
        var wild = whole
        wild.replaceSubrange(20..<44, with: [UInt8](repeating: 0xFF, count: 24))
        #expect(TimeZoneRules(tzif: wild) == nil)
    }

    @Test(arguments: ["../../etc/passwd", "/etc/passwd", "Europe//Berlin", "Europe/.", "", "No/Such", "Europe/Ber\u{0}lin"])
    func `a name that is no zone is unknown`(_ name: String) {
        #expect(TimeZoneRules(named: name) == nil)
    }

    @Test(.enabled(if: FileSystem.exists("/usr/share/zoneinfo/Europe/Berlin"), "needs the zones of this machine"))
    func `the machine's zones are read`() throws {
        let berlin = try #require(TimeZoneRules(named: "Europe/Berlin"))
        let moments: [(String, Int64)] = [("2010-07-01T00:00:00Z", 7200), ("2026-01-01T00:00:00Z", 3600), ("2090-07-01T00:00:00Z", 7200)]
        for (text, expected) in moments {
            let moment = try #require(Timestamp(rfc3339: text))
            #expect(berlin.offset(at: moment.seconds) == expected)
        }
    }
}
