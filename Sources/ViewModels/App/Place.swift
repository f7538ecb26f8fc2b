import APIMachinery
package import KubeClient

/// What the pane of objects shows: a kind, the namespaces, and how the table is looked at. Going somewhere remembers where one was.
package struct Place: Sendable, Hashable {
    /// The kind.
    package var kind: ServedKind
    /// The namespaces.
    package var scope: NamespaceScope
    /// The table's filter.
    package var filter: String
    /// The table's order.
    package var sort: TableSort
    /// The object under the cursor; nil for none.
    package var selectedUID: String?
    /// A place.
    package init(kind: ServedKind, scope: NamespaceScope, filter: String = "", sort: TableSort = TableSort(column: "name"), selectedUID: String? = nil) {
        self.kind = kind
        self.scope = scope
        self.filter = filter
        self.sort = sort
        self.selectedUID = selectedUID
    }

    /// `deployments in demo`, with its filter.
    package var text: String {
        let base = kind.isNamespaced ? "\(kind.resource.resource) in \(scope.text)" : kind.resource.resource
        return filter.isEmpty ? base : "\(base) /\(filter)"
    }
}

/// The places that were left, to go back and forward over; bounded, without the same place twice in a row.
package struct PlaceHistory: Sendable {
    private static let limit = 100
    /// The places behind, the last one last.
    package private(set) var back: [Place] = []
    /// The places that were gone back from, the next one last.
    package private(set) var forward: [Place] = []

    /// Somewhere new is gone to from `here`.
    mutating func leave(_ here: Place) {
        forward = []
        Self.push(here, on: &back)
    }

    /// The place before; `here` can be gone forward to.
    mutating func goBack(from here: Place) -> Place? {
        guard let place = back.popLast() else { return nil }
        Self.push(here, on: &forward)
        return place
    }

    /// The place that was gone back from.
    mutating func goForward(from here: Place) -> Place? {
        guard let place = forward.popLast() else { return nil }
        Self.push(here, on: &back)
        return place
    }

    private static func push(_ place: Place, on stack: inout [Place]) {
        if let last = stack.last, last.kind == place.kind, last.scope == place.scope, last.filter == place.filter {
            stack[stack.count - 1] = place
        } else {
            stack.append(place)
        }
        if stack.count > limit { stack.removeFirst() }
    }
}

extension ServedKind {
    /// Pods, which every cluster has.
    package static let pods = ServedKind(
        resource: GroupVersionResource(group: "", version: "v1", resource: "pods"), kind: "Pod", singular: "pod", shortNames: ["po"],
        categories: ["all"], isNamespaced: true, verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        subresources: ["log", "exec", "attach", "portforward", "eviction", "status", "ephemeralcontainers", "resize"])

    /// Whether its objects are pods.
    package var isPods: Bool { resource.group.isEmpty && resource.resource == "pods" }
}
