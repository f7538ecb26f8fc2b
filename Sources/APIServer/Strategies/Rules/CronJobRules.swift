internal import APIMachinery
internal import JSONCore
internal import LinuxKernel

/// Source: `pkg/apis/batch/validation/validation.go`.
extension KindRules {
    static let cronJob = KindRules(
        name: { name in
            // Eleven bytes are left for the time in the names of its jobs.
            name.utf8.count > 52 ? ["must be no more than 52 characters"] : NameValidation.dnsSubdomain(name)
        },
        complete: { object in
            guard var spec = object["spec", "jobTemplate", "spec", "template", "spec"] else { return }
            PodDefaults.complete(&spec, inTemplate: true)
            object["spec", "jobTemplate", "spec", "template", "spec"] = spec
        },
        check: { object in
            var errors: [FieldError] = []
            let schedule = object.string("spec", "schedule") ?? ""
            if schedule.contains("TZ") {
                let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
                errors.append(.invalid("spec.schedule", .string(schedule), why))
            } else if !schedule.isEmpty, let problem = CronSyntax.problem(schedule) {
                errors.append(.invalid("spec.schedule", .string(schedule), problem))
            }
            if let zone = object.string("spec", "timeZone") {
                if zone.isEmpty {
                    errors.append(.invalid("spec.timeZone", "", "timeZone must be nil or non-empty string"))
                } else if zone.lowercased() == "local" {
                    errors.append(
                        .invalid("spec.timeZone", .string(zone), "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"))
                } else if !TimeZones.exists(zone) {
                    errors.append(.invalid("spec.timeZone", .string(zone), "unknown time zone \(zone)"))
                }
            }
            return errors + JobRules.template(object["spec", "jobTemplate", "spec"] ?? .null, "spec.jobTemplate.spec")
        })
}

/// The names of time zones, as far as this machine has them.
enum TimeZones {
    static func exists(_ name: String) -> Bool {
        if name == "UTC" || name == "Etc/UTC" { return true }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }) else { return false }
        // Without a database of zones nobody can tell a wrong name.
        guard FileSystem.isDirectory("/usr/share/zoneinfo") else { return true }
        return FileSystem.exists("/usr/share/zoneinfo/\(name)")
    }
}

/// The five fields of a cron schedule. Source: robfig/cron `parser.go`.
enum CronSyntax {
    private static let descriptors: Set<String> = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// What is wrong with a schedule; nil when nothing is.
    static func problem(_ text: String) -> String? {
        if text.hasPrefix("@") {
            if descriptors.contains(text) || text.hasPrefix("@every ") { return nil }
            return "unrecognized descriptor: \(text)"
        }
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard fields.count == 5 else { return "expected exactly 5 fields, found \(fields.count): [\(fields.joined(separator: " "))]" }
        let bounds: [(Int, Int, [String])] = [(0, 59, []), (0, 23, []), (1, 31, []), (1, 12, months), (0, 6, days)]
        for (field, bound) in zip(fields, bounds) {
            for part in field.split(separator: ",", omittingEmptySubsequences: false) {
                if let problem = problem(String(part), bound) { return problem }
            }
        }
        return nil
    }

    private static func problem(_ part: String, _ bound: (low: Int, high: Int, names: [String])) -> String? {
        let pieces = part.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard pieces.count <= 2 else { return "too many slashes: \(part)" }
        let ends = pieces[0].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard ends.count <= 2 else { return "too many hyphens: \(part)" }
        func number(_ text: String) -> Int? {
            if let index = bound.names.firstIndex(of: text.lowercased()) { return index + bound.low }
            guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
            return Int(text)
        }
        if pieces[0] != "*", pieces[0] != "?" {
            var values: [Int] = []
            for end in ends {
                guard let value = number(end) else {
                    return "failed to parse int from \(end): strconv.Atoi: parsing \(end.goQuoted): invalid syntax"
                }
                values.append(value)
            }
            if values[0] < bound.low { return "beginning of range (\(values[0])) below minimum (\(bound.low)): \(part)" }
            if let last = values.last, last > bound.high { return "end of range (\(last)) above maximum (\(bound.high)): \(part)" }
            if let last = values.last, values[0] > last { return "beginning of range (\(values[0])) beyond end of range (\(last)): \(part)" }
        }
        guard pieces.count == 2 else { return nil }
        guard let step = number(pieces[1]) else {
            return "failed to parse int from \(pieces[1]): strconv.Atoi: parsing \(pieces[1].goQuoted): invalid syntax"
        }
        return step == 0 ? "step of range should be a positive number: \(part)" : nil
    }
}
