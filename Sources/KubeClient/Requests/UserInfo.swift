/// Who makes a request, once authentication has said so. Source: authentication/v1 UserInfo.
package struct UserInfo: Sendable, Hashable {
    /// The user's name: "kubernetes-admin", "system:node:kdash", "system:serviceaccount:default:builder".
    package var name: String
    /// A stable id where the authenticator has one; empty otherwise.
    package var uid: String
    /// The groups the user belongs to.
    package var groups: [String]
    /// What else the authenticator knows, by lower-case key.
    package var extra: [String: [String]]

    /// A user.
    package init(name: String, uid: String = "", groups: [String] = [], extra: [String: [String]] = [:]) {
        self.name = name
        self.uid = uid
        self.groups = groups
        self.extra = extra
    }

    /// The API server itself; `system:masters` passes every authorization.
    package static let loopback = UserInfo(name: "system:apiserver", groups: ["system:masters", "system:authenticated"])

    /// A request without credentials.
    package static let anonymous = UserInfo(name: "system:anonymous", groups: ["system:unauthenticated"])

    /// A built-in controller, bound by the bootstrap role bindings: `controller("deployment-controller")`.
    package static func controller(_ name: String) -> UserInfo {
        serviceAccount(namespace: "kube-system", name: name)
    }

    /// A service account.
    package static func serviceAccount(namespace: String, name: String, uid: String = "") -> UserInfo {
        UserInfo(
            name: "system:serviceaccount:\(namespace):\(name)", uid: uid,
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"])
    }

    /// The agent of a node.
    package static func node(_ name: String) -> UserInfo {
        UserInfo(name: "system:node:\(name)", groups: ["system:nodes", "system:authenticated"])
    }

    /// The scheduler.
    package static let scheduler = UserInfo(name: "system:kube-scheduler", groups: ["system:authenticated"])
}
