import Glibc
import JSONCore
import LinuxKernel

/// The contexts, clusters and users of one or several kubeconfig files. The first file that has an entry wins. Reading contacts no
/// server and runs no program. Source: client-go tools/clientcmd loader.go.
package struct Kubeconfig: Sendable {
    private struct ContextReference: Sendable {
        var cluster: String
        var user: String
        var namespace: String?
    }

    /// The context to use when none is named; nil when no file names one.
    package private(set) var currentContext: String?
    private var contexts: [String: ContextReference] = [:]
    private var clusters: [String: KubeconfigCluster] = [:]
    private var users: [String: KubeconfigUser] = [:]

    /// No entries.
    package init() {}

    /// The names of all contexts, sorted.
    package var contextNames: [String] { contexts.keys.sorted() }

    /// Reads files in order of precedence; missing ones are skipped unless they `mustExist`. Relative paths in a file count from its
    /// directory.
    package static func load(_ paths: [String], mustExist: Bool = false) throws(KubeconfigError) -> Kubeconfig {
        var merged = Kubeconfig()
        for path in paths {
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try FileSystem.readFile(path)
            } catch {
                if error.errno == ENOENT, !mustExist { continue }
                throw KubeconfigError(code: .io, message: "cannot read kubeconfig \(path): \(error.reason)")
            }
            try merged.add(bytes, path: path)
        }
        return merged
    }

    /// What can be read of files, and what is wrong with the others: one broken file hides nobody else's contexts.
    package static func survey(_ paths: [String]) -> (kubeconfig: Kubeconfig, problems: [KubeconfigError]) {
        var merged = Kubeconfig()
        var problems: [KubeconfigError] = []
        for path in paths {
            do throws(KubeconfigError) {
                merged.merge(try load([path]))
            } catch {
                problems.append(error)
            }
        }
        return (merged, problems)
    }

    /// Adds the entries of a file that comes later.
    private mutating func merge(_ later: Kubeconfig) {
        contexts.merge(later.contexts) { first, _ in first }
        clusters.merge(later.clusters) { first, _ in first }
        users.merge(later.users) { first, _ in first }
        currentContext = currentContext ?? later.currentContext
    }

    /// The files that count: `explicit` alone when it is given, else those of KUBECONFIG, else `~/.kube/config`.
    package static func paths(explicit: String? = nil, environment: (String) -> String?, home: String?) -> [String] {
        if let explicit { return [explicit] }
        let listed = (environment("KUBECONFIG") ?? "").split(separator: ":", omittingEmptySubsequences: true).map(String.init)
        if !listed.isEmpty {
            var seen: Set<String> = []
            return listed.filter { seen.insert($0).inserted }
        }
        return home.map { ["\($0)/.kube/config"] } ?? []
    }

    /// A context with its cluster and user; nil names the current one. Throws NotFound, naming what there is.
    package func context(named name: String? = nil) throws(KubeconfigError) -> KubeconfigContext {
        guard let name = name ?? currentContext else {
            throw KubeconfigError(code: .notFound, message: "no context is named and the kubeconfig has no current-context; \(choices)")
        }
        guard let reference = contexts[name] else {
            throw KubeconfigError(code: .notFound, message: "there is no context \"\(name)\"; \(choices)")
        }
        guard let cluster = clusters[reference.cluster] else {
            throw KubeconfigError(
                code: .notFound, message: "context \"\(name)\" names cluster \"\(reference.cluster)\", which the kubeconfig lacks")
        }
        guard let user = users[reference.user] ?? (reference.user.isEmpty ? KubeconfigUser() : nil) else {
            throw KubeconfigError(
                code: .notFound, message: "context \"\(name)\" names user \"\(reference.user)\", which the kubeconfig lacks")
        }
        return KubeconfigContext(
            name: name, clusterName: reference.cluster, userName: reference.user, cluster: cluster, user: user,
            namespace: reference.namespace)
    }

    private var choices: String {
        contexts.isEmpty ? "the kubeconfig has no contexts" : "contexts: \(contextNames.joined(separator: ", "))"
    }

    private mutating func add(_ bytes: [UInt8], path: String) throws(KubeconfigError) {
        let document: YAMLDocument
        do throws(YAMLError) {
            document = try YAML.parseSingle(bytes)
        } catch {
            throw KubeconfigError(code: .malformed, message: "kubeconfig \(path) \(error)")
        }
        if document.value.isNull { return }
        let reader = KubeconfigReader(document: document, path: path)
        try reader.check()
        for (name, value) in try reader.entries("clusters", "cluster") where clusters[name] == nil {
            clusters[name] = try reader.cluster(value, name: name)
        }
        for (name, value) in try reader.entries("users", "user") where users[name] == nil {
            users[name] = try reader.user(value, name: name)
        }
        for (name, value) in try reader.entries("contexts", "context") where contexts[name] == nil {
            let namespace = value["namespace"]?.stringValue
            contexts[name] = ContextReference(
                cluster: value["cluster"]?.stringValue ?? "", user: value["user"]?.stringValue ?? "",
                namespace: namespace?.isEmpty == true ? nil : namespace)
        }
        if currentContext == nil, let current = document.value["current-context"]?.stringValue, !current.isEmpty {
            currentContext = current
        }
    }
}
