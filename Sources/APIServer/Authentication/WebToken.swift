internal import JSONCore

/// A JSON Web Token signed with ES256, taken apart but not yet believed. Source: RFC 7515, RFC 7519.
struct WebToken: Sendable {
    /// The largest token looked at.
    static let limit = 16 << 10

    let keyID: String
    let claims: JSONValue
    /// What the signature is over.
    let signed: [UInt8]
    let signature: [UInt8]

    /// Nil when the text is no such token.
    init?(_ text: String) {
        guard text.utf8.count <= Self.limit else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64.decode(parts[0]), let body = Base64.decode(parts[1]),
            let signature = Base64.decode(parts[2]),
            // best effort: what is no JSON is no token of ours.
            let header = try? JSON.parse(head), let claims = try? JSON.parse(body), claims.objectValue != nil,
            header["alg"]?.stringValue == "ES256"
        else { return nil }
        keyID = header["kid"]?.stringValue ?? ""
        self.claims = claims
        self.signature = signature
        signed = Array(parts[0]) + [UInt8(ascii: ".")] + Array(parts[1])
    }

    /// A signed token of claims.
    static func sign(_ claims: JSONValue, with key: TokenKey) throws(PKIError) -> String {
        let header: JSONValue = ["alg": "ES256", "kid": .string(key.id)]
        let text = "\(Base64.encode(JSON.encode(header), isURL: true)).\(Base64.encode(JSON.encode(claims), isURL: true))"
        return "\(text).\(Base64.encode(try key.sign(Array(text.utf8)), isURL: true))"
    }
}
