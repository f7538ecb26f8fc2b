import JSONCore

/// The cluster, user and context that kdash adds to a kubeconfig under one name, with its certificates by path, so that renewing them
/// needs no second write.
package struct KubeconfigEntry: Sendable, Hashable {
    /// The name of all three.
    package var name: String
    /// The server's URL.
    package var server: String
    /// The path of the certificate authority; it also tells whose a cluster entry is.
    package var certificateAuthority: String
    /// The path of the client certificate; it also tells whose a user entry is.
    package var clientCertificate: String
    /// The path of the client certificate's key.
    package var clientKey: String

    /// An entry.
    package init(name: String, server: String, certificateAuthority: String, clientCertificate: String, clientKey: String) {
        self.name = name
        self.server = server
        self.certificateAuthority = certificateAuthority
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
    }

    /// The three lists of a kubeconfig.
    enum List: String, CaseIterable {
        case clusters
        case contexts
        case users

        /// The key that holds an entry's body.
        var part: String { String(rawValue.dropLast()) }
    }

    /// The body of this entry in a list, keys sorted as kubectl writes them.
    func body(_ list: List) -> JSONValue {
        switch list {
        case .clusters: ["certificate-authority": .string(certificateAuthority), "server": .string(server)]
        case .contexts: ["cluster": .string(name), "user": .string(name)]
        case .users: ["client-certificate": .string(clientCertificate), "client-key": .string(clientKey)]
        }
    }

    /// Whether an entry of this name was written by this cluster.
    func owns(_ body: JSONValue?, in list: List) -> Bool {
        switch list {
        case .clusters: body?["certificate-authority"]?.stringValue == certificateAuthority
        case .contexts: body?["cluster"]?.stringValue == name && body?["user"]?.stringValue == name
        case .users: body?["client-certificate"]?.stringValue == clientCertificate
        }
    }

    /// Whether an entry already says what this one would; what the user added to it stays.
    func isSatisfied(by body: JSONValue?, in list: List) -> Bool {
        guard case .object(let wanted) = self.body(list) else { return false }
        return wanted.allSatisfy { body?[$0.key] == $0.value }
    }

    /// A whole file of this entry alone.
    package var standaloneFile: [UInt8] {
        var value: JSONValue = ["apiVersion": "v1", "kind": "Config", "current-context": .string(name)]
        for list in List.allCases {
            value[list.rawValue] = [[list.part: body(list), "name": .string(name)]]
        }
        return Array(YAML.encode(value).utf8)
    }
}
