import KubeClient

/// What makes an application's table one of several contexts: which they are, and how each stands.
///
/// A joined table only reads. What is done to a row is done in a tab of the row's context (``Workspace/act(_:on:)``), which has its own
/// connection, protection, drafts and undo.
@MainActor package final class JoinedContexts {
    /// The most contexts in one table.
    nonisolated package static let most = 8

    /// One of the contexts.
    struct Member {
        let name: String
        /// The context, as its connection says it is.
        var context: ContextState
        var cluster: ConnectedCluster?
        /// The kinds that it has; none before it has told.
        var kinds: [ServedKind] = []
        /// The shown kind as this server has it: versions differ.
        var kind: ServedKind?
        /// Why not all of its rows are here; nil when they are, or nothing is known yet.
        var trouble: String?
        /// Why what its objects use is not told; nil when it is, or nobody has asked.
        var usageTrouble: String?
        var isListed = false
        /// Whether namespaces are followed one by one.
        var isNarrow = false
        /// The tab in which rows of this context were opened last.
        var split: Int?

        init(_ name: String) {
            self.name = name
            context = ContextState(name: name, access: .protected, isEmbedded: false)
        }
    }

    /// The contexts, in the order in which they were named.
    package let names: [String]
    var members: [Member]
    /// The id of the shown kind.
    var kindID: String
    /// The rows.
    package internal(set) var table: JoinedTable
    /// When the shown kind had its first rows, by the steady clock; nil before.
    var firstRows: Duration?
    /// The row that the cursor goes to once it is listed.
    var awaitedUID: String?
    /// What is read of the objects for columns of the user's own.
    var paths = CellPaths()
    /// How the table is looked at once its kind is known.
    var wanted: SavedPlace?

    /// A table of contexts that were not asked yet.
    init(_ names: [String], kindID: String, table: JoinedTable) {
        self.names = names
        self.kindID = kindID
        self.table = table
        members = names.map { Member($0) }
    }

    /// `prod + test`.
    package var text: String { names.joined(separator: " + ") }

    /// The kinds that any of them has; of versions that differ, that of the first.
    var kinds: [ServedKind] {
        var known: Set<String> = []
        return members.flatMap(\.kinds).filter { known.insert($0.id).inserted }
    }

    /// The place of a row's context.
    func place(of row: ResourceRow) -> Int? {
        JoinedTable.parts(row.uid).flatMap { members.indices.contains($0.context) ? $0.context : nil }
    }

    /// A row's object, as its own server names its kind.
    func binding(_ row: ResourceRow, _ kind: ServedKind) -> ObjectBinding {
        let member = place(of: row).map { members[$0] }
        let kind = member?.kind ?? kind
        return ObjectBinding(
            context: member?.name ?? "", namespace: kind.isNamespaced ? row.namespace : nil, kind: kind.kind, name: row.name,
            uid: JoinedTable.parts(row.uid)?.uid, resource: kind.resource)
    }

    /// Says of every context why it is not shown as it is, and what is waited for.
    func tell(_ scope: String) {
        // What is missing in the table comes before what is missing in its cells; where all of that has one reason, the heading says it.
        let isMixed = table.tellsUse || Set(members.compactMap(\.usageTrouble)).count > 1
        table.troubles = [\Member.trouble, \.usageTrouble].prefix(isMixed ? 2 : 1).flatMap { part in
            members.compactMap { member in member[keyPath: part].map { "\(member.name): \($0)" } }
        }
        let waiting = members.filter { !$0.isListed && $0.trouble == nil }.map(\.name)
        let nothing = waiting.isEmpty ? "no \(kindID.prefix { $0 != "." })\(scope) in these contexts" : "waiting for \(waiting.joined(separator: ", "))"
        let notice = table.total == 0 ? nothing : nil
        if table.notice != notice { table.notice = notice }
    }
}
