import APIMachinery
import CDeflate
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// How Helm 3 keeps a revision in a Secret: base64 of gzip of JSON, with what it is found by in the labels.
/// Source: helm `pkg/storage/driver/secrets.go` and `util.go`.
enum HelmPacking {
    /// The Secret of a revision. `times` are labels that say when it was made or changed.
    static func secret(_ release: JSONValue, _ header: HelmRelease.Header, times: [String: String]) throws(APIStatus) -> KubeObject {
        guard let packed = gzip(JSON.encode(release)) else { throw .internalError("revision \(header.version) of release \(header.name) cannot be compressed") }
        var labels: JSONObject = [
            "name": .string(header.name), "owner": "helm", "status": .string(header.status), "version": .string("\(header.version)"),
        ]
        for (name, value) in times { labels[name] = .string(value) }
        return KubeObject([
            "apiVersion": "v1", "kind": "Secret", "type": .string(HelmRelease.secretType),
            "metadata": ["name": .string(name(header)), "namespace": .string(header.namespace), "labels": .object(labels)],
            "data": ["release": .string(Base64.encode(Array(Base64.encode(packed).utf8)))],
        ])
    }

    /// The name of the Secret of a revision.
    static func name(_ header: HelmRelease.Header) -> String { "sh.helm.release.v1.\(header.name).v\(header.version)" }

    /// As Go writes a time.
    static func time(_ now: Timestamp) -> JSONValue { .string(now.rfc3339) }

    private static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
        guard let compressor = libdeflate_alloc_compressor(9) else { return nil }
        defer { libdeflate_free_compressor(compressor) }
        let bound = libdeflate_gzip_compress_bound(compressor, bytes.count)
        let packed = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            count = libdeflate_gzip_compress(compressor, bytes, bytes.count, buffer.baseAddress, bound)
        }
        return packed.isEmpty ? nil : packed
    }
}
