/// A page of objects in key order, as they were at one revision.
package struct Listing: Sendable {
    /// The objects.
    package let items: [StoredObject]

    /// The revision the whole list, of which this is a page, is consistent at: give it as `at:` for the next page and watch from it.
    package let revision: Int64

    /// How many objects follow this page.
    package let remaining: Int

    /// What to give as `after:` for the next page; nil on the last one.
    package var next: String? { remaining > 0 ? items.last?.key.string : nil }
}
