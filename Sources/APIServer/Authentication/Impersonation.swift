internal import APIMachinery
internal import KubeClient

/// The `Impersonate-*` headers: a request made as somebody else, for users that may. Source: apiserver `filters/impersonation.go`.
enum Impersonation {
    /// The user a request is made as. Throws Forbidden when `user` may not impersonate it, user, groups, uid and extra each by itself.
    static func user(_ request: APIRequest, as user: UserInfo, _ authorizer: RBACAuthorizer) throws(APIStatus) -> UserInfo {
        var wanted = UserInfo(name: "")
        for (header, value) in request.headers where header.hasPrefix("impersonate-") {
            switch header {
            case "impersonate-user": wanted.name = value
            case "impersonate-uid": wanted.uid = value
            case "impersonate-group": wanted.groups.append(value)
            default:
                guard header.hasPrefix("impersonate-extra-") else { continue }
                let key = String(header.dropFirst("impersonate-extra-".count))
                wanted.extra[PercentEncoding.decode(key) ?? key, default: []].append(value)
            }
        }
        guard !wanted.name.isEmpty else {
            guard wanted.uid.isEmpty, wanted.groups.isEmpty, wanted.extra.isEmpty else {
                throw .badRequest("requested impersonation of groups, uid or extra without impersonating a user")
            }
            return user
        }
        func check(_ resource: String, _ name: String, group: String = "", subresource: String = "", namespace: String = "")
            throws(APIStatus)
        {
            try authorizer.check(
                AccessAttributes(
                    verb: "impersonate", group: group, resource: resource, subresource: subresource, namespace: namespace, name: name),
                user: user)
        }
        let hasGroups = !wanted.groups.isEmpty
        for group in wanted.groups { try check("groups", group) }
        let parts = wanted.name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" {
            try check("serviceaccounts", parts[3], namespace: parts[2])
            if !hasGroups { wanted.groups = UserInfo.serviceAccount(namespace: parts[2], name: parts[3]).groups }
        } else {
            try check("users", wanted.name)
        }
        if !wanted.uid.isEmpty { try check("uids", wanted.uid, group: "authentication.k8s.io") }
        for (key, values) in wanted.extra.sorted(by: { $0.key < $1.key }) {
            for value in values { try check("userextras", value, group: "authentication.k8s.io", subresource: key) }
        }
        if wanted.name == UserInfo.anonymous.name {
            if !wanted.groups.contains("system:unauthenticated") { wanted.groups.append("system:unauthenticated") }
        } else if !wanted.groups.contains("system:authenticated"), !wanted.groups.contains("system:unauthenticated") {
            wanted.groups.append("system:authenticated")
        }
        return wanted
    }
}
