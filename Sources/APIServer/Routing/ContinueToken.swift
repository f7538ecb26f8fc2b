internal import APIMachinery
internal import JSONCore

/// The opaque position in a list that is read in pages. Source: apiserver `pkg/storage/continue.go`.
struct ContinueToken: Sendable, Equatable {
    /// The revision every page is read at; -1 when the rest is read at whatever is current.
    var revision: Int64
    /// The key after which the next page starts.
    var after: String

    init(revision: Int64, after: String) {
        self.revision = revision
        self.after = after
    }

    /// Reads a client's token. Throws when it was not made by this server.
    init(parsing text: String) throws(APIStatus) {
        guard let bytes = Base64.decode(text.utf8), let value = try? JSON.parse(bytes),  // best effort: refused below
            value["v"]?.stringValue == "meta.k8s.io/v1", let revision = value["rv"]?.integerValue, revision > 0 || revision == -1,
            let start = value["start"]?.stringValue, start.hasSuffix("\0")
        else { throw .badRequest("invalid continue token: continue key is not valid") }
        self.revision = revision
        after = String(start.dropLast())
    }

    /// The text form.
    var text: String {
        let value: JSONValue = ["v": "meta.k8s.io/v1", "rv": .integer(revision), "start": .string("\(after)\0")]
        return Base64.encode(JSON.encode(value), isURL: true)
    }

    /// What a token that outlived its history is answered with.
    static let expiredMessage =
        """
        The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue \
        parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided \
        token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was \
        returned and now may show up in the list.
        """
}
