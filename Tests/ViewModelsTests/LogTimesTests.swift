import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct LogTimesTests {
    private let now = Timestamp(rfc3339: "2026-07-01T10:00:00Z")!
    private let berlin = TimeZoneRules.local(variable: "CET-1CEST,M3.5.0,M10.5.0/3")

    @Test(arguments: [
        ("11:30", "2026-07-01T09:30:00Z"), ("13:00", "2026-06-30T11:00:00Z"), ("2026-01-01 12:00", "2026-01-01T11:00:00Z"), ("10m", "2026-07-01T09:50:00Z"),
        ("2026-03-01T14:05:00Z", "2026-03-01T14:05:00Z"), ("2026-03-29 02:30", "2026-03-29T01:30:00Z"), ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
    ])
    func `what is typed is a time of the zone, also where clocks change`(text: String, expected: String) {
        #expect(LogTime.parse(text, now: now, zone: berlin)?.rfc3339 == expected)
    }

    @Test func `a fraction of a second is kept`() {
        #expect(LogTime.parse("11:30:07.25", now: now, zone: berlin)?.rfc3339Micro == "2026-07-01T09:30:07.250000Z")
        #expect(LogTime.parse("2026-01-01 12:00:00.5", now: now, zone: berlin)?.rfc3339Micro == "2026-01-01T11:00:00.500000Z")
    }

    @Test func `the day is the zone's, too`() {
        let late = Timestamp(rfc3339: "2026-06-30T23:00:00Z")!
        #expect(LogTime.parse("00:30", now: late, zone: berlin)?.rfc3339 == "2026-06-30T22:30:00Z")
    }

    @Test func `the zone is found as the C library finds it, and UTC is what is left`() {
        #expect(TimeZoneRules.local(variable: "CET-1").offset(at: 0) == 3600 && TimeZoneRules.local(variable: "UTC") == .utc)
        for broken in ["", ":", "../../etc/passwd", "/etc/passwd", "/dev/null", "No/Such", ":/no/such"] {
            #expect(TimeZoneRules.local(variable: broken) == .utc, "\(broken)")
        }
    }

    @Test func `the key goes round, is kept, and comes back with the settings`() throws {
        final class Store: PreferencesStore {
            var saved: [String] = []
            func reload() {}
            func remove(_ key: String, in file: String) {}
            func rename(_ key: String, to new: String, _ yaml: String, in file: String) {}
            func save(_ key: String, _ yaml: String, in file: String) { saved.append("\(file) \(key) \(yaml)") }
        }
        let app = AppModel(clock: { Timestamp(seconds: 0) })
        let store = Store()
        app.preferences.store = store
        for wanted in [LogTimes.local, .utc, .relative, .off] {
            app.commands["logs.timestamps"]?.run(app)
            #expect(app.logs.times == wanted)
        }
        #expect(store.saved == ["local", "utc", "relative", "off"].map { "screen.yaml logTimes \($0)" })
        for (text, expected) in [("utc", LogTimes.utc), ("off", .off), ("relative", .relative), ("sometimes", .off)] {
            let file = SettingsFile(path: "screen.yaml", bytes: Array("logTimes: \(text)".utf8))
            var settings = UserSettings()
            settings.screen = ScreenSettings(file.root)
            app.preferences.adopt(settings, directory: "")
            #expect(app.logs.times == expected && file.problems.isEmpty == (text != "sometimes"))
        }
    }
}
