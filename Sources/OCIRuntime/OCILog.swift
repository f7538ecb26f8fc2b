internal import Glibc
internal import JSONCore
internal import LinuxKernel

/// Where the runtime says what went wrong: standard error, and the file that an engine reads.
struct OCILog: Sendable {
    var path: String?
    var isJSON = false
    var isVerbose = false

    func fail(_ text: String) {
        write("error", text)
        Self.tell("kdash-oci: \(text)\n")
    }

    func warn(_ text: String) {
        write("warning", text)
        if path == nil { Self.tell("kdash-oci: warning: \(text)\n") }
    }

    func debug(_ text: @autoclosure () -> String) {
        guard isVerbose else { return }
        let text = text()
        write("debug", text)
        if path == nil { Self.tell("kdash-oci: \(text)\n") }
    }

    private func write(_ level: String, _ text: String) {
        guard let path else { return }
        let time = Timestamp.now().rfc3339
        let line: String
        if isJSON {
            let object: JSONValue = ["level": .string(level), "msg": .string(text), "time": .string(time)]
            line = "\(object)\n"
        } else {
            line = "time=\"\(time)\" level=\(level) msg=\(JSONValue.string(text))\n"
        }
        do throws(SystemError) {
            try FileDescriptor.open(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o644).writeAll(Array(line.utf8))
        } catch { Self.tell("kdash-oci: cannot write the log: \(error)\n") }
    }

    static func tell(_ text: String) { put(Array(text.utf8), to: 2) }

    /// Writes a result.
    static func put(_ text: String) { put(Array(text.utf8), to: 1) }

    private static func put(_ bytes: [UInt8], to descriptor: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
