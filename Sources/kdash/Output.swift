import Glibc

/// Writes to standard output and standard error.
enum Output {
    /// One line for scripts and people.
    static func line(_ text: String) {
        write(Array((text + "\n").utf8))
    }

    static func write(_ bytes: [UInt8]) {
        send(bytes, to: 1)
    }

    /// One line that is not part of the result.
    static func error(_ text: String) {
        send(Array((text + "\n").utf8), to: 2)
    }

    private static func send(_ bytes: [UInt8], to descriptor: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
