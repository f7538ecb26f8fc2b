import LinuxKernel

/// How the log writes a moment: nanoseconds since 1970, saturated.
enum LogTime {
    static func integer(_ time: Timestamp) -> Int64 {
        let (whole, overflow) = time.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return time.seconds > 0 ? .max : .min }
        let (sum, carries) = whole.addingReportingOverflow(Int64(time.nanoseconds))
        return carries ? .max : sum
    }

    static func timestamp(_ integer: Int64) -> Timestamp {
        var seconds = integer / 1_000_000_000
        var rest = integer % 1_000_000_000
        if rest < 0 { (seconds, rest) = (seconds - 1, rest + 1_000_000_000) }
        return Timestamp(seconds: seconds, nanoseconds: Int32(rest))
    }
}
