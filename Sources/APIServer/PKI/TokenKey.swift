internal import Crypto
internal import JSONCore

/// The key that signs service-account tokens: P-256, in `pki/sa.key`. Whoever has it can be any service account.
struct TokenKey: Sendable {
    private let key: P256.Signing.PrivateKey
    /// Names the key in tokens: the SHA-256 of its public form. Source: `pkg/serviceaccount/jwt.go` keyIDFromPublicKey.
    let id: String

    /// Loads the key of a `pki/` directory and makes it when there is none. Throws when the file holds something else.
    static func loadOrCreate(directory: String) throws(PKIError) -> TokenKey {
        let files = PKIFiles(directory: directory)
        try files.prepare()
        if let pem = try files.loadKey("sa") {
            do {
                return TokenKey(try P256.Signing.PrivateKey(pemRepresentation: pem))
            } catch {
                throw PKIError(
                    code: .malformed,
                    message: "\(directory)/sa.key is no P-256 key (\(error)); move it away to have a new one made, which ends all tokens")
            }
        }
        let key = P256.Signing.PrivateKey()
        try files.saveKey(key.pemRepresentation + "\n", as: "sa")
        return TokenKey(key)
    }

    private init(_ key: P256.Signing.PrivateKey) {
        self.key = key
        id = Base64.encode(Array(SHA256.hash(data: key.publicKey.derRepresentation)), isURL: true)
    }

    /// The raw signature (r and s) of some bytes.
    func sign(_ bytes: [UInt8]) throws(PKIError) -> [UInt8] {
        do {
            return Array(try key.signature(for: bytes).rawRepresentation)
        } catch {
            throw PKIError(code: .issuing, message: "cannot sign a token: \(error)")
        }
    }

    /// Whether a raw signature is this key's over some bytes.
    func verifies(_ signature: [UInt8], _ bytes: [UInt8]) -> Bool {
        // best effort: what is no signature verifies nothing.
        guard let parsed = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
        return key.publicKey.isValidSignature(parsed, for: bytes)
    }

    /// The public key as a JSON Web Key. Source: RFC 7518 section 6.2.
    var webKey: JSONValue {
        let point = Array(key.publicKey.x963Representation)
        return [
            "use": "sig", "kty": "EC", "kid": .string(id), "crv": "P-256", "alg": "ES256",
            "x": .string(Base64.encode(Array(point[1..<33]), isURL: true)), "y": .string(Base64.encode(Array(point[33...]), isURL: true)),
        ]
    }
}
