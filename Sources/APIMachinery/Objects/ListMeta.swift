package import JSONCore

/// What is known about a list. Source: apimachinery `pkg/apis/meta/v1/types.go` ListMeta.
package struct ListMeta: Sendable, Hashable {
    /// The revision the list was read at; a watch can go on from here.
    package var resourceVersion: String
    /// What the client hands back to get the next page; nil on the last one.
    package var continueToken: String?
    /// How many more items follow the page; nil when there are none or nobody counted.
    package var remainingItemCount: Int64?

    /// The metadata of a list.
    package init(resourceVersion: String, continueToken: String? = nil, remainingItemCount: Int64? = nil) {
        self.resourceVersion = resourceVersion
        self.continueToken = continueToken
        self.remainingItemCount = remainingItemCount
    }

    /// The list's `metadata` in JSON.
    package var object: JSONObject {
        var object: JSONObject = ["resourceVersion": .string(resourceVersion)]
        if let continueToken { object["continue"] = .string(continueToken) }
        if let remainingItemCount { object["remainingItemCount"] = .integer(remainingItemCount) }
        return object
    }
}
