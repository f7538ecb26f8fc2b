package import APIMachinery

/// A port of this machine that accepts connections. A connection is a session: its output is what the local program sends, and what is
/// written to it is what that program gets.
package struct LocalListener: Sendable {
    /// The port.
    package let port: UInt16
    /// The connections, as they come.
    package let connections: AsyncStream<any StreamSession>
    /// Stops accepting; connections that are open stay open.
    package let close: @Sendable () -> Void

    /// A listener.
    package init(port: UInt16, connections: AsyncStream<any StreamSession>, close: @escaping @Sendable () -> Void) {
        self.port = port
        self.connections = connections
        self.close = close
    }
}

/// Opens ports of this machine.
package protocol LocalPorts: Sendable {
    /// Opens a port of 127.0.0.1; 0 for any that is free. Throws BadRequest when it cannot be had.
    func listen(_ port: UInt16) async throws(APIStatus) -> LocalListener
}
