import Glibc
import JSONCore
import LinuxKernel

/// Tells the process that started the daemon how the start went: one line of JSON on an inherited descriptor, then the end of it.
struct Announcement: Sendable {
    /// -1 when nobody listens (`kdash serve` in the foreground).
    let descriptor: CInt

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
        guard descriptor >= 0 else { return }
        let bytes = JSON.encode(value) + [0x0A]
        let file = FileDescriptor(descriptor)
        do throws(SystemError) {
            try file.writeAll(bytes)
        } catch {
            // The starter is gone; nobody waits for the news.
        }
    }
}
