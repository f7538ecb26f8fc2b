import APIMachinery
import ClusterOperations
import Glibc
import JSONCore
import LinuxKernel
import Synchronization

/// A forward that can begin again: its port, where it leads, and into which context.
struct SavedForward: Sendable, Hashable {
    var port: UInt16
    var target: ForwardTarget
    var context: String

    init(port: UInt16, target: ForwardTarget, context: String) {
        (self.port, self.target, self.context) = (port, target, context)
    }

    /// As its file holds it. Objects are known by name: what has it at the next start is meant.
    var value: JSONValue {
        var value: JSONValue = ["port": .integer(Int64(port)), "remotePort": .integer(Int64(target.port)), "context": .string(context)]
        switch target.destination {
        case .pods(let namespace, let selector):
            value["namespace"] = .string(namespace)
            value["selector"] = .string(selector)
        case .object(let object):
            let resource = object.resource
            value["object"] = [
                "group": .string(resource.group), "version": .string(resource.version), "resource": .string(resource.resource), "kind": .string(object.kind),
                "name": .string(object.name),
            ]
            value["namespace"] = object.namespace.map { .string($0) }
        }
        return value
    }

    /// Reads what ``value`` wrote; nil for anything else.
    init?(_ value: JSONValue) {
        func port(_ key: String) -> UInt16? { value[key]?.integerValue.flatMap { UInt16(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil } }
        guard let local = port("port"), let remote = port("remotePort"), let context = value["context"]?.stringValue else { return nil }
        let namespace = value["namespace"]?.stringValue
        if let selector = value["selector"]?.stringValue, let namespace {
            target = ForwardTarget(.pods(namespace: namespace, selector: selector), port: remote)
        } else if let object = value["object"], let resource = object["resource"]?.stringValue, let name = object["name"]?.stringValue {
            let found = GroupVersionResource(group: object["group"]?.stringValue ?? "", version: object["version"]?.stringValue ?? "v1", resource: resource)
            target = ForwardTarget(.object(ObjectTarget(found, kind: object["kind"]?.stringValue ?? "", namespace: namespace, name: name)), port: remote)
        } else {
            return nil
        }
        (self.port, self.context) = (local, context)
    }

    /// The file, written from several threads: what is older never comes after what is newer.
    final class File: Sendable {
        private let newest = Atomic(0)
        /// The number of what was written last; held while something is written.
        private let written = Mutex(0)

        /// The number of what is to be written next. Does not wait for what is being written.
        func next() -> Int { newest.add(1, ordering: .relaxed).newValue }

        /// Whether something is not written yet. Blocking.
        var isBehind: Bool { written.withLock { $0 < newest.load(ordering: .relaxed) } }

        /// Keeps them unless something newer is kept. Blocking.
        func keep(_ forwards: [SavedForward], _ version: Int, _ stateDirectory: String) throws(SystemError) {
            try keep(version) { () throws(SystemError) in try SavedForward.keep(forwards, stateDirectory) }
        }

        /// Writes unless something newer was written. Blocking.
        func keep(_ version: Int, _ write: () throws(SystemError) -> Void) throws(SystemError) {
            try written.withLock { written throws(SystemError) in
                guard version > written else { return }
                try write()
                written = version
            }
        }
    }

    private static let longest = 256 << 10
    /// As many as are kept: those that are open first, of those before the newest.
    static let most = 256
    private static func path(_ stateDirectory: String) -> String { "\(stateDirectory)/forwards.json" }

    /// Those that were open when kdash ended last; a file that is no JSON holds none. Throws when there is one that cannot be read. Blocking.
    static func load(_ stateDirectory: String) throws(SystemError) -> [SavedForward] {
        let text: String
        do throws(SystemError) { text = try FileSystem.readText(path(stateDirectory), limit: longest) } catch {
            guard error.errno == ENOENT else { throw error }
            return []
        }
        // best effort: what nothing of ours has written says nothing about forwards.
        guard let value = try? JSON.parse(Array(text.utf8)) else { return [] }
        return (value["forwards"]?.arrayValue ?? []).compactMap { SavedForward($0) }
    }

    /// Keeps them, readable by the user alone. Blocking.
    static func keep(_ forwards: [SavedForward], _ stateDirectory: String) throws(SystemError) {
        try FileSystem.makeDirectories(stateDirectory, mode: 0o700)
        try FileSystem.writeAtomically(path(stateDirectory), JSON.encode(["forwards": .array(forwards.prefix(most).map(\.value))]), mode: 0o600)
    }
}
