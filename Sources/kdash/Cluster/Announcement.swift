import Glibc
import JSONCore
import LinuxKernel
import Synchronization

/// Tells the process that started the daemon how the start went: one line of JSON on an inherited descriptor, then the end of it.
final class Announcement: Sendable {
    /// -1 when nobody listens (`kdash serve` in the foreground), or has been told: the number then belongs to another file.
    private let descriptor: Mutex<CInt>

    init(descriptor: CInt) { self.descriptor = Mutex(descriptor) }

    func ready(server: String, kubeconfig: String, notes: [String]) {
        send(["server": .string(server), "kubeconfig": .string(kubeconfig), "notes": .array(notes.map { .string($0) })])
    }

    func failed(_ message: String) {
        send(["error": .string(message)])
    }

    /// Another daemon was quicker.
    func foundRunning() {
        send(["isRunning": true])
    }

    private func send(_ value: JSONValue) {
        let raw = descriptor.withLock { raw in
            defer { raw = -1 }
            return raw
        }
        guard raw >= 0 else { return }
        let bytes = JSON.encode(value) + [0x0A]
        let file = FileDescriptor(raw)
        do throws(SystemError) {
            try file.writeAll(bytes)
        } catch {
            // The starter is gone; nobody waits for the news.
        }
    }
}
