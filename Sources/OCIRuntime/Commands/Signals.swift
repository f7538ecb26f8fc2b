/// Signals by name and number.
enum Signals {
    /// x86_64's and aarch64's numbers, which are the same.
    private static let names = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT",
        "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ]
    private static let synonyms: [String: Int32] = ["IOT": 6, "CLD": 17, "POLL": 29, "UNUSED": 31, "RTMIN": 34, "RTMAX": 64]

    /// The number of `TERM`, `SIGTERM`, `sigterm`, `15`, `RTMIN+3` or `RTMAX-1`.
    static func number(_ text: String) throws(OCIError) -> Int32 {
        if let number = Int32(text) {
            guard (0...64).contains(number) else { throw OCIError(.usage, "the signal \(text) is not between 0 and 64") }
            return number
        }
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        if let index = names.firstIndex(of: name) { return Int32(index) + 1 }
        if let number = synonyms[name] { return number }
        if name.hasPrefix("RTMIN+"), let more = Int32(name.dropFirst(6)), (0...30).contains(more) { return 34 + more }
        if name.hasPrefix("RTMAX-"), let less = Int32(name.dropFirst(6)), (0...30).contains(less) { return 64 - less }
        throw OCIError(.usage, "`\(text)` is no signal")
    }
}
