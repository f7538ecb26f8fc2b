extension CommandTable {
    /// The commands of kdash.
    package static func standard() -> CommandTable {
        CommandTable(
            screen + gate + [demo] + settings + panes + tabs + motion + places + objects + pods + namespaces + logs + editor + typing + history + time
                + operations
                + details + forwards + containers + network)
    }

    /// Only with a cluster.
    static func whenConnected(_ app: AppModel) -> Availability {
        app.cluster == nil ? .disabled("no cluster is connected") : .enabled
    }

    /// Only where changes pass the gate.
    static func whenWritable(_ app: AppModel) -> Availability {
        app.refusal.map { .disabled($0) } ?? .enabled
    }

    /// Only with an object under the cursor of the pane of objects.
    static func whenObject(_ app: AppModel) -> Availability {
        app.list.selectedIndex == nil ? .disabled("nothing is selected") : .enabled
    }

    /// Only with an object under the cursor, where changes pass the gate.
    static func whenWritableObject(_ app: AppModel) -> Availability {
        app.refusal.map { .disabled($0) } ?? whenObject(app)
    }

    /// Only with a pod under the cursor.
    static func whenPod(_ app: AppModel) -> Availability {
        guard app.kind.isPods else { return .disabled("only for pods") }
        return app.pods.selectedIndex == nil ? .disabled("no pod is selected") : .enabled
    }

    /// Only with a pod under the cursor, where changes pass the gate.
    static func whenWritablePod(_ app: AppModel) -> Availability {
        app.refusal.map { .disabled($0) } ?? whenPod(app)
    }
}
