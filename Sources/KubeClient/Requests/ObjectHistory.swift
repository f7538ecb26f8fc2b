package import APIMachinery
package import JSONCore
package import LinuxKernel

/// What was written to an object or in a collection, as kdash's own cluster remembers it.
package struct ObjectHistory: Sendable {
    /// What a write did.
    package enum What: String, Sendable, Hashable { case created, changed, status, deleted }

    /// One write.
    package struct Version: Sendable, Identifiable {
        /// The revision it made.
        package var revision: Int64
        /// The revision it superseded; 0 when there was no object.
        package var previous: Int64
        /// When.
        package var time: Timestamp
        /// The user that asked for it.
        package var user: String
        /// What it did.
        package var what: What
        /// The object's namespace.
        package var namespace: String?
        /// The object's name.
        package var name: String
        /// The object's uid; empty when its state is not kept.
        package var uid: String
        /// The object after it, of a deletion before it; nil when that is not kept or was not asked for.
        package var object: KubeObject?
        /// The revision.
        package var id: Int64 { revision }

        /// A write.
        package init(
            revision: Int64, previous: Int64, time: Timestamp, user: String, what: What, namespace: String? = nil, name: String, uid: String,
            object: KubeObject? = nil
        ) {
            self.revision = revision
            self.previous = previous
            self.time = time
            self.user = user
            self.what = what
            self.namespace = namespace
            self.name = name
            self.uid = uid
            self.object = object
        }
    }

    /// The writes, newest first.
    package var versions: [Version]
    /// From when on everything but writes of the status is kept; nil while nothing was forgotten.
    package var versionsSince: Timestamp?
    /// From when on everything is kept.
    package var statesSince: Timestamp?
    /// How long versions are kept at most.
    package var versionAge: Duration
    /// What they may weigh.
    package var versionBytes: Int64
    /// How long writes of the status are kept at most.
    package var stateAge: Duration
    /// What they may weigh.
    package var stateBytes: Int64
    /// The newest revision of the cluster when it was asked.
    package var currentRevision: Int64
    /// Where older writes go on; nil when these are all.
    package var continueToken: String?

    /// Reads a server's answer; nil when it is something else, as of a server that does not know the question.
    package init?(_ value: JSONValue) {
        guard value["kind"] == "ObjectHistory" else { return nil }
        versions = (value["items"]?.arrayValue ?? []).compactMap(Version.init)
        let kept = value["kept"]
        func moment(_ field: String) -> Timestamp? { kept?[field]?.stringValue.flatMap { Timestamp(rfc3339: $0) } }
        (versionsSince, statesSince) = (moment("versionsSince"), moment("statesSince"))
        versionAge = .seconds(kept?["versionSeconds"]?.integerValue ?? 0)
        versionBytes = kept?["versionBytes"]?.integerValue ?? 0
        stateAge = .seconds(kept?["stateSeconds"]?.integerValue ?? 0)
        stateBytes = kept?["stateBytes"]?.integerValue ?? 0
        currentRevision = value["metadata", "resourceVersion"]?.stringValue.flatMap { Int64($0) } ?? 0
        let token = value["metadata", "continue"]?.stringValue
        continueToken = token?.isEmpty == true ? nil : token
    }
}

extension ObjectHistory.Version {
    init?(_ value: JSONValue) {
        guard let revision = value["revision"]?.stringValue.flatMap({ Int64($0) }),
            let time = value["time"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }),
            let what = value["type"]?.stringValue.flatMap(ObjectHistory.What.init), let name = value["name"]?.stringValue
        else { return nil }
        self.init(
            revision: revision, previous: value["previous"]?.stringValue.flatMap { Int64($0) } ?? 0, time: time,
            user: value["user"]?.stringValue ?? "", what: what, namespace: value["namespace"]?.stringValue, name: name,
            uid: value["uid"]?.stringValue ?? "", object: value["object"].map { KubeObject($0) })
    }
}
