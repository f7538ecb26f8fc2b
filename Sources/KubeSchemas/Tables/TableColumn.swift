/// One column of a Table: what `kubectl get` heads it with, and what its cells hold.
package struct TableColumn: Sendable, Hashable {
    /// The heading.
    package let name: String
    /// The OpenAPI type of its cells: `string`, `integer`, `boolean`, …
    package let type: String
    /// The OpenAPI format: `name` marks the object's name; often empty.
    package let format: String
    /// 0 is always shown, 1 only with `-o wide`.
    package let priority: Int
    /// What the column shows, for people.
    package let description: String

    /// A column from its parts.
    package init(name: String, type: String = "string", format: String = "", priority: Int = 0, description: String = "") {
        self.name = name
        self.type = type
        self.format = format
        self.priority = priority
        self.description = description
    }
}
