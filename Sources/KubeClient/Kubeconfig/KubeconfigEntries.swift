/// Where a certificate or key comes from.
package enum PEMSource: Sendable, Hashable {
    /// A file, read again when it changes.
    case file(String)
    /// The PEM text itself.
    case data([UInt8])
}

/// How to reach a cluster. Source: clientcmd/v1 Cluster.
package struct KubeconfigCluster: Sendable, Hashable {
    /// The server's URL.
    package var server: String
    /// The certificate authority; nil for the system's.
    package var certificateAuthority: PEMSource?
    /// Whether the server's certificate is not checked. Default false.
    package var skipsTLSVerification: Bool
    /// The name the certificate must be for; nil for the URL's host.
    package var tlsServerName: String?

    /// A cluster.
    package init(
        server: String, certificateAuthority: PEMSource? = nil, skipsTLSVerification: Bool = false, tlsServerName: String? = nil
    ) {
        self.server = server
        self.certificateAuthority = certificateAuthority
        self.skipsTLSVerification = skipsTLSVerification
        self.tlsServerName = tlsServerName
    }
}

/// How to say who one is. Source: clientcmd/v1 AuthInfo.
package struct KubeconfigUser: Sendable, Hashable {
    /// The client certificate.
    package var clientCertificate: PEMSource?
    /// The client certificate's key.
    package var clientKey: PEMSource?
    /// A bearer token.
    package var token: String?
    /// A file with a bearer token, which wins over `token` and is read again when it changes.
    package var tokenFile: String?
    /// The name for basic authentication.
    package var username: String?
    /// The password for basic authentication.
    package var password: String?
    /// A program that prints credentials.
    package var exec: ExecCredentialPlugin?

    /// A user.
    package init(
        clientCertificate: PEMSource? = nil, clientKey: PEMSource? = nil, token: String? = nil, tokenFile: String? = nil,
        username: String? = nil, password: String? = nil, exec: ExecCredentialPlugin? = nil
    ) {
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
        self.token = token
        self.tokenFile = tokenFile
        self.username = username
        self.password = password
        self.exec = exec
    }
}

/// A program that prints an ExecCredential. It runs only for a context that the user named or picked. Source: clientcmd/v1 ExecConfig.
package struct ExecCredentialPlugin: Sendable, Hashable {
    /// One variable of the program's environment.
    package struct Variable: Sendable, Hashable {
        /// The variable's name.
        package var name: String
        /// The variable's value.
        package var value: String

        /// A variable.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The program; searched in PATH when it has no slash.
    package var command: String
    /// Its arguments.
    package var arguments: [String]
    /// Variables set besides the present environment.
    package var environment: [Variable]
    /// The ExecCredential version it speaks: `client.authentication.k8s.io/v1` or `v1beta1`.
    package var apiVersion: String
    /// What to tell when the program is missing.
    package var installHint: String?
    /// Whether it is told about the cluster.
    package var providesClusterInfo: Bool

    /// A plugin.
    package init(
        command: String, arguments: [String] = [], environment: [Variable] = [], apiVersion: String = "client.authentication.k8s.io/v1",
        installHint: String? = nil, providesClusterInfo: Bool = false
    ) {
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.apiVersion = apiVersion
        self.installHint = installHint
        self.providesClusterInfo = providesClusterInfo
    }
}

/// A context with the cluster and user it names.
package struct KubeconfigContext: Sendable, Hashable {
    /// The context's name.
    package var name: String
    /// The name of its cluster.
    package var clusterName: String
    /// The name of its user.
    package var userName: String
    /// The cluster.
    package var cluster: KubeconfigCluster
    /// The user.
    package var user: KubeconfigUser
    /// The namespace it starts in; nil for "default".
    package var namespace: String?

    /// A context.
    package init(
        name: String, clusterName: String = "", userName: String = "", cluster: KubeconfigCluster, user: KubeconfigUser = KubeconfigUser(),
        namespace: String? = nil
    ) {
        self.name = name
        self.clusterName = clusterName
        self.userName = userName
        self.cluster = cluster
        self.user = user
        self.namespace = namespace
    }
}
