/// One `name=value` of a URL's query, decoded.
package struct QueryItem: Sendable, Hashable {
    /// The name.
    package var name: String
    /// The value; empty when there was no `=`.
    package var value: String

    /// An item.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// The items of a query without its `?`; nil when an escape is broken or decodes to something that is not UTF-8.
    package static func parse(_ query: some StringProtocol) -> [QueryItem]? {
        var items: [QueryItem] = []
        for pair in query.split(separator: "&", omittingEmptySubsequences: true) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0], plusIsSpace: true),
                let value = PercentEncoding.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else { return nil }
            items.append(QueryItem(name, value))
        }
        return items
    }

    /// The text form of items, without `?`.
    package static func encode(_ items: [QueryItem]) -> String {
        items.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
    }
}
