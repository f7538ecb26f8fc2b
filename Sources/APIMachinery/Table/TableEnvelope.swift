package import JSONCore

/// One column of a table. Source: `metav1.TableColumnDefinition`.
package struct TableColumn: Sendable, Hashable {
    /// The heading.
    package let name: String
    /// The JSON type of the cells: string, integer, number, boolean, date.
    package let type: String
    /// What the cells hold beyond their type; `name` marks the column that identifies the row. Empty for none.
    package let format: String
    /// 0 is always shown; columns with larger numbers only with `-o wide`.
    package let priority: Int
    /// What the column means.
    package let description: String

    /// A column from its parts.
    package init(name: String, type: String = "string", format: String = "", priority: Int = 0, description: String = "") {
        self.name = name
        self.type = type
        self.format = format
        self.priority = priority
        self.description = description
    }

    /// The column definition.
    package var value: JSONValue {
        [
            "name": .string(name), "type": .string(type), "format": .string(format), "description": .string(description),
            "priority": .integer(Int64(priority)),
        ]
    }
}

/// What each row of a table carries besides its cells. Source: `metav1.IncludeObjectPolicy`.
package enum TableObject: String, Sendable, Hashable {
    /// Nothing.
    case none = "None"
    /// The object's metadata, as PartialObjectMetadata.
    case metadata = "Metadata"
    /// The whole object.
    case object = "Object"

    /// Reads the query parameter `includeObject`; absent and empty mean metadata. Throws 400 for anything else.
    package init(query: String?) throws(APIStatus) {
        guard let query, !query.isEmpty else {
            self = .metadata
            return
        }
        guard let known = TableObject(rawValue: query) else {
            throw .badRequest("unrecognized includeObject value: \(query.goQuoted)")
        }
        self = known
    }
}

/// Makes `metav1.Table` answers.
package enum TableEnvelope {
    /// A table. `columns` is nil in watch events after the first, which leave the definitions out.
    package static func table(columns: [TableColumn]?, rows: [JSONValue], metadata: JSONObject = JSONObject()) -> JSONValue {
        [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": .object(metadata),
            "columnDefinitions": .array((columns ?? []).map(\.value)), "rows": .array(rows),
        ]
    }

    /// A row: its cells, and the object as far as asked for.
    package static func row(cells: [JSONValue], object: JSONValue, include: TableObject) -> JSONValue {
        var row: JSONObject = ["cells": .array(cells)]
        switch include {
        case .none: row["object"] = .null
        case .metadata: row["object"] = PartialObjectMetadata.object(object)
        case .object: row["object"] = object
        }
        return .object(row)
    }
}

/// Makes `metav1.PartialObjectMetadata` answers.
package enum PartialObjectMetadata {
    /// The metadata of one object.
    package static func object(_ value: JSONValue) -> JSONValue {
        [
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": value["metadata"] ?? .object(JSONObject()),
        ]
    }

    /// The metadata of every object of a list, with the list's own metadata.
    package static func list(_ items: [JSONValue], metadata: JSONObject) -> JSONValue {
        [
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": .object(metadata),
            "items": .array(items.map(object)),
        ]
    }
}
