internal import NIOCore

/// Closes a connection so that the last answer arrives even when the client is still sending.
enum LingeringClose {
    /// How long what the client still sends is read and dropped; a reset would destroy the answer in its receive buffer.
    private static let patience: TimeAmount = .milliseconds(500)

    /// Shuts down our side after everything written, and the rest when the client has closed or patience is over.
    static func close(_ context: ChannelHandlerContext) {
        let channel = context.channel
        channel.close(mode: .output).whenFailure { _ in channel.close(promise: nil) }
        channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }
}
