internal import CLinux
internal import Glibc
internal import JSONCore
internal import LinuxKernel

/// Runs the hooks of the machine's side, one after the other.
enum HookRunner {
    /// Throws `hook` at the first that fails.
    static func run(_ hooks: [BundleConfiguration.Hook], _ name: String, state: JSONValue, streams: borrowing HookStreams) throws(OCIError) {
        let input = JSON.encode(state)
        let (output, errors) = (streams.output, streams.errors)
        for hook in hooks {
            let arguments = hook.arguments.isEmpty ? [hook.path] : hook.arguments
            var said = [CChar](repeating: 0, count: 4096)
            let status = withCStrings(arguments) { argv in
                hook.environment.isEmpty
                    ? kd_oci_hook(hook.path, argv, nil, input, input.count, hook.timeout ?? 0, output, errors, &said, said.count)
                    : withCStrings(hook.environment) {
                        kd_oci_hook(hook.path, argv, $0, input, input.count, hook.timeout ?? 0, output, errors, &said, said.count)
                    }
            }
            let number = errno
            if status == 0 { continue }
            let words = String(decoding: said.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw OCIError(.hook, "the \(name) hook \(outcome(status, number, hook.timeout)): \(hook.path)\(words.isEmpty ? "" : ": \(words)")")
        }
    }

    private static func outcome(_ status: CInt, _ number: CInt, _ timeout: Int64?) -> String {
        if status < 0 {
            return number == ETIME ? "took longer than its timeout of \(timeout ?? 0) s" : "could not be run: \(SystemError(call: "", errno: number).reason)"
        }
        return status & 0x7f == 0 ? "failed with exit code \(status >> 8 & 0xff)" : "was ended by signal \(status & 0x7f)"
    }

    private static func withCStrings<T>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T) -> T {
        let pointers = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers)
    }
}
