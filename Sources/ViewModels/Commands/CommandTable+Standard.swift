extension CommandTable {
    /// The commands of kdash.
    package static func standard() -> CommandTable {
        CommandTable(screen + [demo] + panes + motion + pods + namespaces + logs + editor + typing + history)
    }

    /// Only with a cluster.
    static func whenConnected(_ app: AppModel) -> Availability {
        app.cluster == nil ? .disabled("no cluster is connected") : .enabled
    }

    /// Only where changes pass the gate.
    static func whenWritable(_ app: AppModel) -> Availability {
        app.context.refusal.map { .disabled($0) } ?? .enabled
    }

    /// Only with a pod under the cursor.
    static func whenPod(_ app: AppModel) -> Availability { app.pods.selectedUID == nil ? .disabled("no pod is selected") : .enabled }

    /// Only with a pod under the cursor, where changes pass the gate.
    static func whenWritablePod(_ app: AppModel) -> Availability {
        app.context.refusal.map { .disabled($0) } ?? whenPod(app)
    }
}
