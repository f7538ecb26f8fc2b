package import APIMachinery
package import JSONCore
package import KubeClient
import KubeSchemas

/// One revision of a Helm release, as Helm 3 keeps it in a Secret of type `helm.sh/release.v1`.
package struct HelmRelease: Sendable {
    /// What its Secret's labels tell, without unpacking it.
    package struct Header: Sendable, Hashable {
        /// The release's name.
        package var name: String
        /// Its namespace.
        package var namespace: String
        /// The revision, from 1 on.
        package var version: Int64
        /// `deployed`, `superseded`, `failed`, `uninstalled`, `pending-upgrade` …
        package var status: String
        /// The Secret that keeps it.
        package var keeper: ObjectTarget
    }

    /// Which revision.
    package var header: Header
    /// The chart and its version: `nginx-1.2.3`.
    package var chart: String
    /// The version of what the chart installs; empty when it does not say.
    package var appVersion: String
    /// When it was deployed, as Helm wrote it.
    package var deployedAt: String
    /// What Helm says about it.
    package var description: String
    /// What the chart says to people.
    package var notes: String
    /// The values the user gave.
    package var values: JSONValue
    /// The chart's own values.
    package var defaults: JSONValue
    /// The objects, as YAML documents.
    package var manifest: String

    /// The type of the Secrets.
    package static let secretType = "helm.sh/release.v1"

    /// The revisions of a namespace (nil: of all), of every release the newest first. Reads only the Secrets' metadata where the server can
    /// leave the rest out.
    package static func list(in namespace: String?, _ client: KubeClient) async throws(APIStatus) -> [Header] {
        var headers: [Header] = []
        var token: String?
        repeat {
            var query = [QueryItem("labelSelector", "owner=helm"), QueryItem("limit", "500")]
            if let token { query.append(QueryItem("continue", token)) }
            let page = try await client.json(
                APIRequest(
                    path: ResourcePath.path(Secret.resource, namespace: namespace), query: query,
                    accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"))
            headers += (page["items"]?.arrayValue ?? []).compactMap { header(KubeObject($0)) }
            token = page["metadata", "continue"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        } while token != nil
        return headers.sorted { ($0.namespace, $0.name, $1.version) < ($1.namespace, $1.name, $0.version) }
    }

    private static func header(_ secret: KubeObject) -> Header? {
        guard let name = secret.labels["name"], let version = secret.labels["version"].flatMap({ Int64($0) }) else { return nil }
        return Header(
            name: name, namespace: secret.namespace ?? "", version: version, status: secret.labels["status"] ?? "unknown",
            keeper: ObjectTarget(secret, resource: Secret.resource, kind: "Secret"))
    }

    /// Reads and unpacks one revision. Throws BadRequest for a Secret that is none.
    package static func read(_ header: Header, _ client: KubeClient) async throws(APIStatus) -> HelmRelease {
        HelmRelease(try await document(header, client), header)
    }

    /// Reads and unpacks all that Helm keeps of one revision.
    static func document(_ header: Header, _ client: KubeClient) async throws(APIStatus) -> JSONValue {
        let secret = Secret(try await header.keeper.read(client))
        guard let packed = secret.data["release"], let text = Base64.decode(packed) else {
            throw .badRequest("\(header.keeper.text) holds no release")
        }
        return try unpack(text, header)
    }

    /// Unpacks what a Secret holds: base64 of gzip of JSON; very old releases are not zipped.
    static func unpack(_ packed: [UInt8], _ header: Header) throws(APIStatus) -> JSONValue {
        let zipped = Base64.decode(String(decoding: packed, as: UTF8.self)) ?? []
        let plain = zipped.starts(with: [0x1f, 0x8b]) ? Gunzip.unpack(zipped) : zipped
        guard let plain, let value = try? JSON.parse(plain), value.objectValue != nil else {
            throw .badRequest(
                "revision \(header.version) of release \(header.name) cannot be unpacked: it is damaged, or larger than \(Gunzip.maximumSize >> 20) MiB")
        }
        return value
    }

    /// What a revision's document tells.
    init(_ value: JSONValue, _ header: Header) {
        self.header = header
        let metadata = value["chart", "metadata"]
        chart = "\(metadata?["name"]?.stringValue ?? "?")-\(metadata?["version"]?.stringValue ?? "?")"
        appVersion = metadata?["appVersion"]?.stringValue ?? ""
        deployedAt = value["info", "last_deployed"]?.stringValue ?? ""
        description = value["info", "description"]?.stringValue ?? ""
        notes = value["info", "notes"]?.stringValue ?? ""
        values = value["config"] ?? .null
        defaults = value["chart", "values"] ?? .null
        manifest = value["manifest"]?.stringValue ?? ""
    }
}
