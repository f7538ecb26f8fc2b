internal import APIMachinery
internal import JSONCore
internal import KubeSchemas
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
        // Without a database of zones nobody can tell a wrong name.
        TimeZoneRules(named: name) != nil || !FileSystem.isDirectory("/usr/share/zoneinfo")
    }
}

/// Schedules as they are written.
enum CronSyntax {
    /// What is wrong with a schedule; nil when nothing is.
    static func problem(_ text: String) -> String? {
        do throws(CronSchedule.Problem) {
            _ = try CronSchedule(text)
            return nil
        } catch {
            return error.message
        }
    }
}
