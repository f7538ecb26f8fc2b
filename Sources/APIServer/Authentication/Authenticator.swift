internal import APIMachinery
internal import KubeClient

/// Says who sends a request. Source: apiserver `pkg/authentication/request`.
enum Authenticator {
    /// By bearer token, else by client certificate, else `system:anonymous`.
    ///
    /// No bearer token is known yet, so one that is sent is refused rather than ignored: a client that means to be somebody must not
    /// silently become nobody.
    static func user(authorization: String?, certificate: CertificateIdentity?) -> Result<UserInfo, APIStatus> {
        if let certificate {
            return .success(
                UserInfo(name: certificate.commonName, groups: certificate.organizations + ["system:authenticated"]))
        }
        if let authorization, !authorization.isEmpty {
            let scheme = authorization.split(separator: " ", maxSplits: 1).first?.lowercased() ?? ""
            let hint = scheme == "bearer" ? "bearer tokens are not accepted yet" : "the \(scheme) scheme is not supported"
            return .failure(.unauthorized("Unauthorized: \(hint); use a client certificate"))
        }
        return .success(.anonymous)
    }
}
