/// Why a command could not do what it was asked: one message for the person who typed it, with the remedy.
struct CommandError: Error, Sendable, CustomStringConvertible {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    var description: String { message }
}
