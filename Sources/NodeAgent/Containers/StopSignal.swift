import Glibc

/// Names of signals as images and `lifecycle.stopSignal` write them.
enum StopSignal {
    private static let names: [String: Int32] = [
        "HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "ILL": SIGILL, "TRAP": SIGTRAP, "ABRT": SIGABRT, "BUS": SIGBUS, "FPE": SIGFPE,
        "KILL": SIGKILL, "USR1": SIGUSR1, "SEGV": SIGSEGV, "USR2": SIGUSR2, "PIPE": SIGPIPE, "ALRM": SIGALRM, "TERM": SIGTERM,
        "STKFLT": 16, "CHLD": SIGCHLD, "CONT": SIGCONT, "STOP": SIGSTOP, "TSTP": SIGTSTP, "TTIN": SIGTTIN, "TTOU": SIGTTOU,
        "URG": SIGURG, "XCPU": SIGXCPU, "XFSZ": SIGXFSZ, "VTALRM": SIGVTALRM, "PROF": SIGPROF, "WINCH": SIGWINCH, "IO": SIGIO,
        "POLL": SIGIO, "PWR": 30, "SYS": SIGSYS,
    ]
    /// Below them are two that the C library keeps for itself.
    private static let firstRealTime: Int32 = 34
    private static let lastRealTime: Int32 = 64

    /// The name that a status shows for what `number` understands: `SIGTERM` for nothing and for what is none.
    static func name(_ text: String) -> String {
        guard let number = number(text) else { return "SIGTERM" }
        if let known = names.filter({ $0.value == number && $0.key != "POLL" }).keys.first { return "SIG\(known)" }
        return number == firstRealTime ? "SIGRTMIN" : "SIGRTMIN+\(number - firstRealTime)"
    }

    /// The number of `SIGTERM`, `term`, `15`, `SIGRTMIN+3`; nil for anything else, which stands for SIGTERM.
    static func number(_ text: String) -> Int32? {
        if let number = Int32(text) { return (1...lastRealTime).contains(number) ? number : nil }
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        if let known = names[name] { return known }
        for (prefix, base, sign) in [("RTMIN", firstRealTime, Int32(1)), ("RTMAX", lastRealTime, Int32(-1))] where name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            if rest.isEmpty { return base }
            guard let offset = Int32(rest), offset * sign >= 0, abs(Int64(offset)) <= 30 else { return nil }
            return base + offset
        }
        return nil
    }
}
