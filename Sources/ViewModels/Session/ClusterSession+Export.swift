import APIMachinery
import JSONCore
import KubeClient

/// Objects as YAML, in a file.
extension ClusterSession {
    func exportObjects(_ table: TableSnapshot) -> FileExport? {
        guard let client = cluster?.client else {
            app.toast("no cluster is connected", .warning)
            return nil
        }
        let pages = ObjectPages(client: client, resource: app.kind.resource, isNamespaced: app.kind.isNamespaced, scope: app.scope, table: table)
        return FileExport(noun: table.count == 1 ? "object" : "objects") { () async throws(APIStatus) in try await pages.next() }
    }
}

/// Reads the objects of a table page by page, those of its rows that are there still, as YAML documents.
actor ObjectPages {
    private let client: KubeClient
    private let resource: GroupVersionResource
    private var namespaces: [String?]
    private let table: TableSnapshot
    private var wanted: Set<ObjectID>?
    private var token: String?
    private static let pageSize = 500

    init(client: KubeClient, resource: GroupVersionResource, isNamespaced: Bool, scope: NamespaceScope, table: TableSnapshot) {
        (self.client, self.resource, self.table) = (client, resource, table)
        if isNamespaced, case .only(let names) = scope { namespaces = names.sorted() } else { namespaces = [nil] }
    }

    /// The next page; nil after the last.
    func next() async throws(APIStatus) -> (bytes: [UInt8], count: Int)? {
        guard let namespace = namespaces.first else { return nil }
        let uids = wanted ?? Set((0..<table.count).map { ObjectID(table.row($0).uid) })
        wanted = uids
        var options = ListOptions(limit: Self.pageSize)
        options.continueToken = token
        let page = try await client.list(resource, namespace: namespace, options)
        token = page.continueToken
        if token == nil { namespaces.removeFirst() }
        var text = ""
        var count = 0
        for object in page.items where uids.contains(ObjectID(object.uid)) {
            text += "---\n\(YAML.encode(EditForm.readable(object)))"
            count += 1
        }
        return (Array(text.utf8), count)
    }
}
