internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// How others check the cluster's tokens: OpenID discovery and the public keys. Source: `pkg/routes/openidmetadata.go`.
enum TokenDocuments {
    static func answer(_ path: String, _ core: ServerCore) throws(APIStatus) -> APIResponse {
        let value: JSONValue
        let type: String
        if path == "/openid/v1/jwks" {
            do throws(PKIError) { value = try core.tokens.keySet() } catch { throw .internalError(error.message) }
            type = "application/jwk-set+json"
        } else {
            let configuration = core.configuration
            value = ServiceAccountTokens.discovery(server: "\(configuration.serviceAddress):\(configuration.servicePort)")
            type = "application/json"
        }
        return APIResponse(contentType: type, headers: [("cache-control", "public, max-age=3600")], body: .bytes(JSON.encode(value)))
    }
}
