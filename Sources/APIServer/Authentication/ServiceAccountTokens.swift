internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel
internal import Synchronization

/// Issues and checks the tokens of service accounts. Source: `pkg/serviceaccount/{jwt,claims,legacy}.go`.
///
/// A token is believed as long as its signature and times hold and everything it is bound to still exists under the same uid; so
/// deleting the account, the pod or the secret ends it.
final class ServiceAccountTokens: Sendable {
    /// What a token may be bound to besides its account.
    struct Binding: Sendable {
        /// The claim: `pod`, `secret` or `node`.
        var claim: String
        var name: String
        var uid: String
    }

    /// Why a token is not believed; clients hear only that it is not.
    struct Refusal: Error, Sendable {
        let message: String
        init(_ message: String) { self.message = message }
    }

    static let issuer = "https://kubernetes.default.svc.cluster.local"
    static let legacyIssuer = "kubernetes/serviceaccount"
    /// What tokens are for unless their request says otherwise.
    static let audiences = [issuer]
    /// So many checked signatures are remembered.
    private static let remembered = 4096

    private let directory: String
    private let time: any TimeSource
    private let lookup: ObjectLookup
    private let key = Mutex<TokenKey?>(nil)
    private let verified = Mutex<[String: JSONValue]>([:])

    init(directory: String, time: any TimeSource, lookup: ObjectLookup) {
        self.directory = directory
        self.time = time
        self.lookup = lookup
    }

    private func signingKey() throws(PKIError) -> TokenKey {
        let result: Result<TokenKey, PKIError> = key.withLock { held in
            if let held { return .success(held) }
            do throws(PKIError) {
                let loaded = try TokenKey.loadOrCreate(directory: directory)
                held = loaded
                return .success(loaded)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    // MARK: Documents

    /// The public keys, as `/openid/v1/jwks` serves them.
    func keySet() throws(PKIError) -> JSONValue { ["keys": [try signingKey().webKey]] }

    /// The document of `/.well-known/openid-configuration`.
    static func discovery(server: String) -> JSONValue {
        [
            "issuer": .string(issuer), "jwks_uri": .string("https://\(server)/openid/v1/jwks"),
            "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        ]
    }

    // MARK: Issuing

    /// A token of an account. `warnAfter` marks one that lives longer than its holder asked for.
    func issue(
        _ account: KubeObject, audiences: [String], seconds: Int64, warnAfter: Int64? = nil, bindings: [Binding]
    ) throws(PKIError) -> String {
        let now = time.now().seconds
        var own: JSONObject = ["namespace": .string(account.namespace ?? "")]
        for binding in bindings { own[binding.claim] = ["name": .string(binding.name), "uid": .string(binding.uid)] }
        own["serviceaccount"] = ["name": .string(account.name), "uid": .string(account.uid)]
        if let warnAfter { own["warnafter"] = .integer(now + warnAfter) }
        let claims: JSONValue = [
            "aud": .array(audiences.map { .string($0) }), "exp": .integer(now + seconds), "iat": .integer(now),
            "iss": .string(Self.issuer), "jti": .string(SecureRandom.uuidV4()), "kubernetes.io": .object(own), "nbf": .integer(now),
            "sub": .string(Self.userName(account)),
        ]
        return try WebToken.sign(claims, with: try signingKey())
    }

    /// A token without end that lives in a secret and ends with it.
    func issueLegacy(_ account: KubeObject, secret: String) throws(PKIError) -> String {
        let prefix = "kubernetes.io/serviceaccount"
        let claims: JSONValue = [
            "iss": .string(Self.legacyIssuer), "\(prefix)/namespace": .string(account.namespace ?? ""),
            "\(prefix)/secret.name": .string(secret), "\(prefix)/service-account.name": .string(account.name),
            "\(prefix)/service-account.uid": .string(account.uid), "sub": .string(Self.userName(account)),
        ]
        return try WebToken.sign(claims, with: try signingKey())
    }

    /// The authority's certificate as it lies on disk; nil before the cluster has one.
    func authority() throws(PKIError) -> String? { try PKIFiles(directory: directory).loadCertificate("ca") }

    private static func userName(_ account: KubeObject) -> String { "system:serviceaccount:\(account.namespace ?? ""):\(account.name)" }

    // MARK: Checking

    /// Who a token speaks for, and which of the wanted audiences it is for. Throws why it is not believed.
    func authenticate(_ text: String, audiences: [String] = audiences) throws(Refusal) -> (user: UserInfo, audiences: [String]) {
        let claims = try believed(text)
        if claims["iss"]?.stringValue == Self.legacyIssuer {
            // Tokens of old know no audience: they are for the API itself.
            guard audiences.contains(where: Self.audiences.contains) else {
                throw Refusal("token audiences \(Self.audiences) is invalid for the target audiences \(audiences)")
            }
            return (try legacyUser(claims, text), audiences.filter(Self.audiences.contains))
        }
        let now = time.now().seconds
        guard let expiry = claims["exp"]?.integerValue, now < expiry else { throw Refusal("token has expired") }
        if let start = claims["nbf"]?.integerValue, now < start - 60 { throw Refusal("token is not valid yet") }
        let own = claims["aud"]?.arrayValue.map { $0.compactMap(\.stringValue) } ?? [claims["aud"]?.stringValue].compactMap { $0 }
        let shared = audiences.filter(own.contains)
        guard !shared.isEmpty else { throw Refusal("token audiences \(own) is invalid for the target audiences \(audiences)") }
        return (try user(claims), shared)
    }

    /// The claims of a token whose signature is ours; each signature is worked out once.
    private func believed(_ text: String) throws(Refusal) -> JSONValue {
        if let known = verified.withLock({ $0[text] }) { return known }
        guard let token = WebToken(text) else { throw Refusal("invalid bearer token") }
        let issuer = token.claims["iss"]?.stringValue
        guard issuer == Self.issuer || issuer == Self.legacyIssuer else { throw Refusal("invalid bearer token") }
        let key: TokenKey
        do throws(PKIError) { key = try signingKey() } catch { throw Refusal(error.message) }
        guard token.keyID == key.id, key.verifies(token.signature, token.signed) else {
            throw Refusal("invalid signature, token is not issued by this cluster")
        }
        verified.withLock { verified in
            if verified.count >= Self.remembered { verified = [:] }
            verified[text] = token.claims
        }
        return token.claims
    }

    private func user(_ claims: JSONValue) throws(Refusal) -> UserInfo {
        let own = claims["kubernetes.io"]
        let namespace = own?["namespace"]?.stringValue ?? ""
        let account = try live("serviceaccounts", namespace, own?["serviceaccount"], "service account")
        var user = UserInfo.serviceAccount(namespace: namespace, name: account.name, uid: account.uid)
        guard claims["sub"]?.stringValue == user.name else { throw Refusal("the token's subject does not match its service account") }
        if let id = claims["jti"]?.stringValue { user.extra["authentication.kubernetes.io/credential-id"] = ["JTI=\(id)"] }
        if let pod = own?["pod"] {
            let found = try live("pods", namespace, pod, "pod")
            user.extra["authentication.kubernetes.io/pod-name"] = [found.name]
            user.extra["authentication.kubernetes.io/pod-uid"] = [found.uid]
        }
        if let secret = own?["secret"] { _ = try live("secrets", namespace, secret, "secret") }
        if let node = own?["node"] {
            // A pod's token only tells of the node; one bound to the node ends with it.
            if own?["pod"] == nil { _ = try live("nodes", nil, node, "node") }
            user.extra["authentication.kubernetes.io/node-name"] = [node["name"]?.stringValue ?? ""]
            if let uid = node["uid"]?.stringValue { user.extra["authentication.kubernetes.io/node-uid"] = [uid] }
        }
        return user
    }

    private func legacyUser(_ claims: JSONValue, _ text: String) throws(Refusal) -> UserInfo {
        func claim(_ name: String) -> String { claims["kubernetes.io/serviceaccount/\(name)"]?.stringValue ?? "" }
        let namespace = claim("namespace")
        let reference: JSONValue = ["name": .string(claim("service-account.name")), "uid": .string(claim("service-account.uid"))]
        let account = try live("serviceaccounts", namespace, reference, "service account")
        let secret = try stored("secrets", namespace, claim("secret.name"))
        guard let secret, !secret.isBeingDeleted, secret.string("data", "token") == Base64.encode(Array(text.utf8)) else {
            throw Refusal("the token does not match the server's copy")
        }
        return UserInfo.serviceAccount(namespace: namespace, name: account.name, uid: account.uid)
    }

    /// The object a claim names, if it is still the same one.
    private func live(_ resource: String, _ namespace: String?, _ claim: JSONValue?, _ noun: String) throws(Refusal) -> KubeObject {
        let name = claim?["name"]?.stringValue ?? ""
        guard let object = try stored(resource, namespace, name) else { throw Refusal("\(noun) \(namespace ?? "")/\(name) is gone") }
        guard object.uid == claim?["uid"]?.stringValue else {
            throw Refusal("the \(noun) UID (\(object.uid)) does not match the claim (\(claim?["uid"]?.stringValue ?? ""))")
        }
        // A minute more for who has to clean up. Source: `pkg/serviceaccount/claims.go`.
        if let deletion = object.deletionTimestamp, time.now() - deletion > .seconds(60) { throw Refusal("\(noun) \(name) has been deleted") }
        return object
    }

    private func stored(_ resource: String, _ namespace: String?, _ name: String) throws(Refusal) -> KubeObject? {
        do throws(APIStatus) {
            return try lookup.get(resource, namespace: namespace, name: name)
        } catch {
            throw Refusal(error.message)
        }
    }
}
