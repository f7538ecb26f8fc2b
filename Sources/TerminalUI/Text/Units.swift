import LinuxKernel

/// Short texts for times and amounts.
enum Units {
    /// Kubernetes' short form of an age (`5s`, `3m20s`, `4h12m`, `3d4h`, `12d`), and how long it stays true. Source: k8s.io/apimachinery duration.HumanDuration.
    static func age(_ duration: Duration) -> (text: String, staysFor: Duration) {
        let (whole, attoseconds) = duration.components
        let seconds = max(0, whole)
        let rest = Duration(secondsComponent: 1, attosecondsComponent: whole < 0 ? 0 : -attoseconds)
        func until(_ step: Int64) -> Duration { .seconds(step - 1 - seconds % step) + rest }
        let minutes = seconds / 60
        let hours = minutes / 60
        let days = hours / 24
        if seconds < 120 { return ("\(seconds)s", until(1)) }
        if minutes < 10 { return (seconds % 60 == 0 ? "\(minutes)m" : "\(minutes)m\(seconds % 60)s", until(1)) }
        if hours < 3 { return ("\(minutes)m", until(60)) }
        if hours < 8 { return (minutes % 60 == 0 ? "\(hours)h" : "\(hours)h\(minutes % 60)m", until(60)) }
        if hours < 48 { return ("\(hours)h", until(3600)) }
        if days < 8 { return (hours % 24 == 0 ? "\(days)d" : "\(days)d\(hours % 24)h", until(3600)) }
        if days < 365 * 2 { return ("\(days)d", until(86400)) }
        return ("\(days / 365)y", until(86400))
    }

    /// Thousandths of a core: `87m`, `1.25`.
    static func milliCPU(_ value: Int64) -> String {
        guard value >= 1000 else { return "\(max(0, value))m" }
        guard value < 100_000, value % 1000 >= 10 else { return "\(value / 1000)" }
        let hundredths = value % 1000 / 10
        return hundredths % 10 == 0 ? "\(value / 1000).\(hundredths / 10)" : "\(value / 1000).\(hundredths < 10 ? "0" : "")\(hundredths)"
    }

    /// Bytes in binary units: `980Ki`, `12Mi`, `1.2Gi`.
    static func bytes(_ value: Int64) -> String {
        var amount = max(0, value)
        guard amount >= 1024 else { return "\(amount)" }
        var unit = 0
        let units = ["Ki", "Mi", "Gi", "Ti", "Pi"]
        while amount >= 1024 * 1024, unit < units.count - 1 {
            amount /= 1024
            unit += 1
        }
        let whole = amount / 1024
        let tenth = amount % 1024 * 10 / 1024
        return whole < 10 && tenth > 0 ? "\(whole).\(tenth)\(units[unit])" : "\(whole)\(units[unit])"
    }

    /// A lag or a wait: `12 ms`, `3.4 s`, `5m`.
    static func wait(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = max(0, seconds.multipliedReportingOverflow(by: 1000).partialValue + attoseconds / 1_000_000_000_000_000)
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 60_000 { return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s" }
        return age(.seconds(seconds)).text
    }

    /// 1204 as `1,204`.
    static func grouped(_ number: Int) -> String {
        var digits = Array(String(abs(number)))
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: index)
            index -= 3
        }
        return (number < 0 ? "-" : "") + String(digits)
    }
}
