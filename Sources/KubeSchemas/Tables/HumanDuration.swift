package import LinuxKernel

/// Durations as kubectl writes them in an AGE column. Source: apimachinery `util/duration.HumanDuration`.
package enum HumanDuration {
    /// `45s`, `5m30s`, `3h`, `2d4h`, `1y20d`; `0s` when slightly negative, `<invalid>` below that.
    package static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        let minutes = seconds / 60
        if minutes < 10 { return pair(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if days < 8 { return pair(days, "d", hours % 24, "h") }
        if days < 365 * 2 { return "\(days)d" }
        let years = days / 365
        return years < 8 ? pair(years, "y", days % 365, "d") : "\(years)y"
    }

    /// The time since a moment; `<unknown>` when there is none.
    package static func since(_ moment: Timestamp?, now: Timestamp) -> String {
        moment.map { text(now - $0) } ?? "<unknown>"
    }

    private static func pair(_ large: Int64, _ largeUnit: String, _ small: Int64, _ smallUnit: String) -> String {
        small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit)\(small)\(smallUnit)"
    }
}
