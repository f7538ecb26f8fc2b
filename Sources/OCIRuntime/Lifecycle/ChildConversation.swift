internal import CLinux
internal import Glibc
internal import LinuxKernel

/// The command's end of what it and the new process say to each other; messages as `kd_oci_message` has them.
struct ChildConversation: ~Copyable {
    enum Message {
        case mounted
        case ready
        case master(CInt)
        case process(Int32)
        /// The other end closed: the program runs, or the process died.
        case ended
    }

    private let socket: FileDescriptor
    private let log: OCILog

    init(_ socket: consuming FileDescriptor, log: OCILog) {
        self.socket = socket
        self.log = log
    }

    func sayContinue() throws(OCIError) {
        var bytes = [UInt8](repeating: 0, count: MemoryLayout<kd_oci_message>.size)
        bytes[0] = UInt8(KD_OCI_CONTINUE)
        let raw = socket.raw
        do throws(SystemError) { try UnixSocket.send(bytes, to: raw) } catch {
            guard error.errno == EPIPE || error.errno == ECONNRESET else { throw OCIError(.system, "cannot reach the container's process", cause: error) }
            // It died with a message, which is read next.
        }
    }

    /// The next message. Throws what failed in the other process.
    func next() throws(OCIError) -> Message {
        while true {
            let raw = socket.raw
            let received = try OCIError.attempt("hear of the container's process") { () throws(SystemError) -> UnixSocket.Message? in
                while true {
                    do throws(SystemError) { return try UnixSocket.receive(maximum: 4096, from: raw) } catch {
                        if error.errno == ECONNRESET { return nil }
                        if error.errno != EINTR { throw error }
                    }
                }
            }
            guard let message = received, message.bytes.count == MemoryLayout<kd_oci_message>.size else { return .ended }
            let number = message.bytes.withUnsafeBytes { ($0.loadUnaligned(as: Int32.self), $0.loadUnaligned(fromByteOffset: 4, as: Int32.self)) }
            let step = Self.text(message.bytes[8..<72])
            let path = Self.text(message.bytes[72...])
            switch Int(number.0) {
            case KD_OCI_FAILED: throw Self.failure(number.1, step, path)
            case KD_OCI_WARNING: log.warn("cannot \(step)\(path.isEmpty ? "" : " \(path)"): \(SystemError(call: "", errno: number.1).reason)")
            case KD_OCI_MOUNTED: return .mounted
            case KD_OCI_READY: return .ready
            case KD_OCI_IS: return .process(number.1)
            case KD_OCI_MASTER: if let master = message.descriptors.first { return .master(master) }
            default: return .ended
            }
        }
    }

    private static func failure(_ number: Int32, _ step: String, _ path: String) -> OCIError {
        if number == 0 { return OCIError(.container, path) }
        return OCIError(.container, "cannot \(step)\(path.isEmpty ? "" : " `\(path)`"): \(SystemError(call: "", errno: number).reason)")
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
}
