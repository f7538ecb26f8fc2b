import JSONCore
import LinuxKernel

/// Reads the entries of one parsed kubeconfig file.
struct KubeconfigReader {
    let document: YAMLDocument
    let path: String

    /// Throws when the document is something else than a kubeconfig.
    func check() throws(KubeconfigError) {
        guard document.value.objectValue != nil else { throw malformed("is no map", at: .root) }
        if let kind = document.value["kind"]?.stringValue, kind != "Config" {
            throw malformed("is of kind \"\(kind)\", not Config", at: .root)
        }
    }

    /// The named entries of a list; the first of several with one name counts.
    func entries(_ list: String, _ part: String) throws(KubeconfigError) -> [(String, JSONValue)] {
        guard let value = document.value[list], !value.isNull else { return [] }
        let pointer = JSONPointer([list])
        guard let elements = value.arrayValue else { throw malformed("has \"\(list)\" that is no list", at: pointer) }
        var seen: Set<String> = []
        var entries: [(String, JSONValue)] = []
        for (index, element) in elements.enumerated() {
            guard let name = element["name"]?.stringValue else {
                throw malformed("has an entry of \"\(list)\" without a name", at: pointer.appending(index))
            }
            let body = element[part] ?? .object(JSONObject())
            guard body.isNull || body.objectValue != nil else {
                throw malformed("has \"\(part)\" of \"\(name)\" that is no map", at: pointer.appending(index))
            }
            if seen.insert(name).inserted { entries.append((name, body)) }
        }
        return entries
    }

    func cluster(_ value: JSONValue, name: String) throws(KubeconfigError) -> KubeconfigCluster {
        KubeconfigCluster(
            server: value["server"]?.stringValue ?? "",
            certificateAuthority: try pem(value, "certificate-authority", of: "cluster \"\(name)\""),
            skipsTLSVerification: value["insecure-skip-tls-verify"]?.boolValue ?? false, tlsServerName: text(value, "tls-server-name"))
    }

    func user(_ value: JSONValue, name: String) throws(KubeconfigError) -> KubeconfigUser {
        let owner = "user \"\(name)\""
        return KubeconfigUser(
            clientCertificate: try pem(value, "client-certificate", of: owner), clientKey: try pem(value, "client-key", of: owner),
            token: text(value, "token"), tokenFile: text(value, "tokenFile").map(absolute), username: text(value, "username"),
            password: text(value, "password"), exec: try plugin(value["exec"], of: owner))
    }

    private func plugin(_ value: JSONValue?, of owner: String) throws(KubeconfigError) -> ExecCredentialPlugin? {
        guard let value, !value.isNull else { return nil }
        guard let command = text(value, "command") else {
            throw KubeconfigError(code: .malformed, message: "kubeconfig \(path) has an exec plugin of \(owner) without a command")
        }
        // A path with a slash that is not absolute counts from the file's directory, a bare name is searched in PATH.
        let resolved = command.utf8.contains(UInt8(ascii: "/")) ? absolute(command) : command
        return ExecCredentialPlugin(
            command: resolved, arguments: (value["args"]?.arrayValue ?? []).compactMap(\.stringValue),
            environment: (value["env"]?.arrayValue ?? []).compactMap { variable in
                variable["name"]?.stringValue.map { ExecCredentialPlugin.Variable(name: $0, value: variable["value"]?.stringValue ?? "") }
            },
            apiVersion: text(value, "apiVersion") ?? "client.authentication.k8s.io/v1", installHint: text(value, "installHint"),
            providesClusterInfo: value["provideClusterInfo"]?.boolValue ?? false)
    }

    /// A certificate or key: the inline data wins over the file, as in client-go.
    private func pem(_ value: JSONValue, _ key: String, of owner: String) throws(KubeconfigError) -> PEMSource? {
        if let data = text(value, "\(key)-data") {
            guard let bytes = Base64.decode(data) else {
                throw KubeconfigError(code: .malformed, message: "kubeconfig \(path) has \(key)-data of \(owner) that is not base64")
            }
            return .data(bytes)
        }
        return text(value, key).map { .file(absolute($0)) }
    }

    private func text(_ value: JSONValue, _ key: String) -> String? {
        guard let text = value[key]?.stringValue, !text.isEmpty else { return nil }
        return text
    }

    private func absolute(_ file: String) -> String {
        file.hasPrefix("/") ? file : "\(FileSystem.directory(of: path))/\(file)"
    }

    private func malformed(_ problem: String, at pointer: JSONPointer) -> KubeconfigError {
        KubeconfigError(code: .malformed, message: "kubeconfig \(path) \(problem) (\(document.nearestMark(of: pointer)))")
    }
}
