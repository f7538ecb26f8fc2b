package import APIMachinery
package import JSONCore

/// Objects as the server's own table of them: what `kubectl get` prints. Source: meta/v1 Table.
package struct ServerTable: Sendable {
    /// One column. Source: TableColumnDefinition.
    package struct Column: Sendable, Hashable {
        /// The heading.
        package var name: String
        /// The OpenAPI type of its cells: `string`, `integer`, `number`, `boolean`, `date`.
        package var type: String
        /// What it means, for people; empty when the server does not say.
        package var description: String
        /// 0 is always shown; others where there is room.
        package var priority: Int
        /// A column.
        package init(name: String, type: String = "string", description: String = "", priority: Int = 0) {
            self.name = name
            self.type = type
            self.description = description
            self.priority = priority
        }
    }

    /// One row.
    package struct Row: Sendable {
        /// As many as there are columns.
        package var cells: [JSONValue]
        /// What the request asked to be included: the object, or its metadata alone.
        package var object: KubeObject
    }

    /// The columns; empty in the later events of a watch.
    package var columns: [Column]
    /// The rows.
    package var rows: [Row]
    /// The revision the table shows.
    package var resourceVersion: String
    /// Where to go on; nil when this is the end.
    package var continueToken: String?

    /// Reads a meta/v1 Table; nil when it is none.
    package init?(_ value: JSONValue) {
        guard value["kind"] == "Table" else { return nil }
        columns = (value["columnDefinitions"]?.arrayValue ?? []).map {
            Column(
                name: $0["name"]?.stringValue ?? "", type: $0["type"]?.stringValue ?? "string", description: $0["description"]?.stringValue ?? "",
                priority: Int(clamping: $0["priority"]?.integerValue ?? 0))
        }
        rows = (value["rows"]?.arrayValue ?? []).map {
            Row(cells: $0["cells"]?.arrayValue ?? [], object: KubeObject($0["object"] ?? .null))
        }
        resourceVersion = value["metadata", "resourceVersion"]?.stringValue ?? ""
        let token = value["metadata", "continue"]?.stringValue
        continueToken = token?.isEmpty == true ? nil : token
    }
}

/// What a watch of tables tells.
package enum ServerTableEvent: Sendable {
    /// Rows that are new or changed.
    case changed(ServerTable)
    /// Rows that are gone, or match no more.
    case deleted(ServerTable)
    /// Nothing changed up to this revision.
    case bookmark(String)

    /// An event of a watch whose objects are tables. Throws the error that the server tells, and 406 where it cannot make tables.
    package init(_ event: WatchEvent) throws(APIStatus) {
        switch event {
        case .added(let object), .modified(let object): self = .changed(try Self.table(object))
        case .deleted(let object): self = .deleted(try Self.table(object))
        case .bookmark(let object): self = .bookmark(Self.revision(of: object))
        case .error(let status): throw status
        }
    }

    /// The revision to go on from; empty when the event has none.
    package var revision: String {
        switch self {
        case .changed(let table), .deleted(let table):
            table.rows.last?.object.resourceVersion ?? table.resourceVersion
        case .bookmark(let revision): revision
        }
    }

    /// A bookmark may come as a table with one row, as an empty one, or as the bare object.
    private static func revision(of object: KubeObject) -> String {
        guard let table = ServerTable(object.value) else { return object.resourceVersion }
        return table.rows.last.map(\.object.resourceVersion) ?? table.resourceVersion
    }

    private static func table(_ object: KubeObject) throws(APIStatus) -> ServerTable {
        guard let table = ServerTable(object.value) else {
            throw APIStatus.internalError("a watch of tables brought a \(object.kind)")
        }
        return table
    }
}
