import Crypto
import JSONCore

@testable import APIServer

extension FuzzTarget {
    static let webToken = FuzzTarget(
        "web-token", tokens: [".", "=", "eyJhbGciOiJFUzI1NiJ9", "e30", "A", "-", "_", "+", "/", "\u{0}", "é", " ", "Bearer "],
        nesting: [("W3", "fQ"), ("A.", "")],
        reshape: WebTokenRules.reshape
    ) { { input, seen in try WebTokenRules.check(input, &seen) } }
}

/// What holds for every text that is sent as a bearer token.
private enum WebTokenRules {
    /// A key that only this target has; one token in the corpus is signed by it.
    private static let key: P256.Signing.PrivateKey = {
        do { return try P256.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 7, count: 32)) } catch { fatalError("7, 7, … is a key: \(error)") }
    }()
    private static let claims: JSONValue = ["iss": "https://kubernetes.default.svc.cluster.local", "sub": "system:serviceaccount:a:b", "exp": 1]

    static func check(_ input: [UInt8], _ seen: inout Observation) throws {
        guard let text = String(validating: input, as: UTF8.self), let token = WebToken(text) else { return seen.note("none", input.count) }
        seen.note(token.claims)
        seen.note("signature", token.signature.count)
        seen.note("key", token.keyID.utf8.count)
        try Violation.unless(input.count <= WebToken.limit, "a token is no longer than its limit")
        try Violation.unless(input.starts(with: token.signed + [UInt8(ascii: ".")]), "what is signed is the token's beginning")
        for value in [JSON.encode(token.claims), token.signature] {
            for isURL in [true, false] {
                try Violation.unless(Base64.decode(Base64.encode(value, isURL: isURL).utf8) == value, "base 64 reads back as itself")
            }
        }
        // best effort: what is no signature verifies nothing.
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: token.signature) else { return }
        seen.note("signed")
        guard key.publicKey.isValidSignature(signature, for: token.signed) else { return }
        seen.note("valid")
        try Violation.unless(token.claims == claims, "only what was signed is believed", "\(token.claims)")
    }

    /// Changes what is inside the base 64, and keeps the parts.
    static func reshape(_ input: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
        var parts = input.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Array($0) }
        let place = random.below(parts.count)
        guard parts.count == 3, var content = Base64.decode(parts[place]) else {
            var bytes = input
            Mutator.scramble(&bytes, &random)
            return bytes
        }
        if random.once(in: 5) {
            content.insert(contentsOf: random.pick(FuzzTarget.jsonTokens).utf8, at: random.below(content.count + 1))
        } else {
            Mutator.scramble(&content, &random)
        }
        parts[place] = Array(Base64.encode(content, isURL: random.once(in: 2)).utf8)
        return Array(parts.joined(separator: [UInt8(ascii: ".")]))
    }
}
