internal import APIMachinery
internal import KubeClient

/// The `Impersonate-*` headers: a request made as somebody else, for users that may. Source: apiserver `filters/impersonation.go`.
enum Impersonation {
    /// The user a request is made as. Throws Forbidden when `user` may not impersonate it.
    static func user(_ request: APIRequest, as user: UserInfo, _ authorizer: RBACAuthorizer) throws(APIStatus) -> UserInfo {
        var name: String?
        var uid = ""
        var groups: [String] = []
        var extra: [String: [String]] = [:]
        for (header, value) in request.headers where header.hasPrefix("impersonate-") {
            switch header {
            case "impersonate-user": name = value
            case "impersonate-uid": uid = value
            case "impersonate-group": groups.append(value)
            default:
                guard header.hasPrefix("impersonate-extra-") else { continue }
                let key = String(header.dropFirst("impersonate-extra-".count))
                extra[PercentEncoding.decode(key) ?? key, default: []].append(value)
            }
        }
        guard let name, !name.isEmpty else {
            guard uid.isEmpty, groups.isEmpty, extra.isEmpty else {
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
        let account = name.split(separator: ":", omittingEmptySubsequences: false)
        if account.count == 4, name.hasPrefix("system:serviceaccount:") {
            try check("serviceaccounts", String(account[3]), namespace: String(account[2]))
            if groups.isEmpty { groups = UserInfo.serviceAccount(namespace: String(account[2]), name: String(account[3])).groups }
        } else {
            try check("users", name)
        }
        for group in groups where !group.hasPrefix("system:serviceaccounts") || account.count != 4 {
            if group != "system:authenticated" { try check("groups", group) }
        }
        if !uid.isEmpty { try check("uids", uid, group: "authentication.k8s.io") }
        for (key, values) in extra {
            for value in values { try check("userextras", value, group: "authentication.k8s.io", subresource: key) }
        }
        if name != "system:anonymous", !groups.contains("system:authenticated"), !groups.contains("system:unauthenticated") {
            groups.append("system:authenticated")
        }
        return UserInfo(name: name, uid: uid, groups: groups, extra: extra)
    }
}
