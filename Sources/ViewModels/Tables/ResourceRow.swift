package import LinuxKernel

/// One object of any kind as its table shows it.
package struct ResourceRow: Sendable, Hashable {
    /// Its uid.
    package var uid: String
    /// Its namespace; empty when it has none.
    package var namespace: String
    /// Its name.
    package var name: String
    /// When it was made, to the second.
    package var createdAt: Timestamp?
    /// Whether it is being deleted.
    package var isDeleting: Bool
    /// As many as its kind has columns.
    package var cells: [TableCell]
    /// A row.
    package init(uid: String, namespace: String, name: String, createdAt: Timestamp? = nil, isDeleting: Bool = false, cells: [TableCell]) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.createdAt = createdAt
        self.isDeleting = isDeleting
        self.cells = cells
    }
}
