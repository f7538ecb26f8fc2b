import KubeSchemas
import LinuxKernel
import Testing

@Suite struct CronScheduleTests {
    @Test(arguments: [
        ("*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"),
        ("* * * * ?", "2026-01-01T00:00:59Z", "2026-01-01T00:01:00Z"),
        ("0 9 * * MON-fri", "2026-01-02T09:00:00Z", "2026-01-05T09:00:00Z"),
        ("0 0 1,15 * *", "2026-01-01T00:00:00Z", "2026-01-15T00:00:00Z"),
        ("0 0 13 * 5", "2026-01-03T00:00:00Z", "2026-01-09T00:00:00Z"),
        ("30 4 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T04:30:00Z"),
        ("10-20/5 3/6 * jan,dec *", "2026-01-31T21:20:00Z", "2026-12-01T03:10:00Z"),
        ("@hourly", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"),
        ("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
        ("@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("@every 1h30m", "2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z"),
    ])
    func `the next time is found`(_ text: String, _ after: String, _ expected: String) throws {
        let moment = try #require(Timestamp(rfc3339: after))
        #expect(try CronSchedule(text).next(after: moment, in: .utc)?.rfc3339 == expected)
    }

    @Test func `a day that never comes has no next time`() throws {
        #expect(try CronSchedule("0 0 30 2 *").next(after: Timestamp(seconds: 0), in: .utc) == nil)
    }

    @Test(
        arguments: [
            ("*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:12:00Z", "2026-01-01T00:10:00Z"),
            ("0 0 * * *", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("@every 7m", "2026-01-01T00:00:00Z", "2026-01-01T00:20:00Z", "2026-01-01T00:14:00Z"),
            ("0 0 * * *", "2026-01-01T00:00:00Z", "2026-01-01T23:59:59Z", nil),
            ("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", nil),
        ] as [(String, String, String, String?)])
    func `the last time in between is found`(_ text: String, _ after: String, _ until: String, _ expected: String?) throws {
        let (first, last) = (try #require(Timestamp(rfc3339: after)), try #require(Timestamp(rfc3339: until)))
        #expect(try CronSchedule(text).last(after: first, notAfter: last, in: .utc)?.rfc3339 == expected)
    }

    @Test(arguments: [
        ("", "expected exactly 5 fields, found 0: []"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("*/1/2 * * * *", "too many slashes: */1/2"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
        ("99999999999999999999 * * * *", "failed to parse int from 99999999999999999999: strconv.Atoi: parsing \"99999999999999999999\": invalid syntax"),
        ("@never", "unrecognized descriptor: @never"),
        ("@every", "unrecognized descriptor: @every"),
        ("@every 1 fortnight", "failed to parse duration @every 1 fortnight: time: invalid duration \"1 fortnight\""),
        ("@every 9999999999h", "failed to parse duration @every 9999999999h: time: invalid duration \"9999999999h\""),
    ])
    func `what is no schedule is refused with the reason`(_ text: String, _ message: String) {
        #expect { _ = try CronSchedule(text) } throws: { ($0 as? CronSchedule.Problem)?.message == message }
    }

    /// An hour ahead of UTC, two in summer, by the rule at the end of the file alone.
    private static var central: TimeZoneRules? {
        let head = { (types: UInt8) in
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + ([0, 0, 0, 0, types, 4] as [UInt8]).flatMap { count -> [UInt8] in [0, 0, 0, count] }
        }
        let block: [UInt8] = [0, 0, 0x0E, 0x10, 0, 0] + Array("CET\0".utf8)
        return TimeZoneRules(tzif: head(1) + block + head(1) + block + Array("\nCET-1CEST,M3.5.0,M10.5.0/3\n".utf8))
    }

    @Test func `the hour that is left out has no times, the one that comes twice has both`() throws {
        let zone = try #require(Self.central)
        let schedule = try CronSchedule("30 2 * * *")
        func next(_ text: String) -> String? { Timestamp(rfc3339: text).flatMap { schedule.next(after: $0, in: zone) }?.rfc3339 }
        #expect(next("2026-03-28T00:00:00Z") == "2026-03-28T01:30:00Z")
        #expect(next("2026-03-28T02:00:00Z") == "2026-03-30T00:30:00Z")
        #expect(next("2026-10-24T12:00:00Z") == "2026-10-25T00:30:00Z")
        #expect(next("2026-10-25T00:30:00Z") == "2026-10-25T01:30:00Z")
    }
}
