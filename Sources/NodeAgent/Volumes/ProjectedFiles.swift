import APIMachinery
import JSONCore
import KubeSchemas

/// Computes the files of a volume from the objects it names. Pure: objects and tokens are given.
struct ProjectedFiles: Sendable {
    let pod: Pod
    let fields: PodFields
    /// The objects that exist, by key.
    let objects: [ObjectCache.Key: KubeObject]
    /// Tokens by the index of their source in the projected volume.
    let tokens: [Int: String]

    /// The files of one volume; throws what is missing.
    func files(of volume: Volume) throws(VolumeProblem) -> [VolumeFile] {
        if let source = volume.configMap { return try configMap(source, mode: source.defaultMode) }
        if let source = volume.secret { return try secret(source, mode: source.defaultMode) }
        if let source = volume.downwardAPI { return try downward(source, mode: source.defaultMode) }
        guard let projected = volume.projected else { return [] }
        var merged: [String: VolumeFile] = [:]
        for (index, source) in projected.sources.enumerated() {
            for file in try files(of: source, index, mode: projected.defaultMode) { merged[file.path] = file }
        }
        return merged.values.sorted { $0.path < $1.path }
    }

    private func files(of source: VolumeProjection, _ index: Int, mode: Int64) throws(VolumeProblem) -> [VolumeFile] {
        if let inner = source.configMap { return try configMap(inner, mode: mode) }
        if let inner = source.secret { return try secret(inner, mode: mode) }
        if let inner = source.downwardAPI { return try downward(inner, mode: mode) }
        if let inner = source.serviceAccountToken {
            guard let token = tokens[index] else { throw VolumeProblem(message: "no token for service account \(pod.serviceAccount)") }
            return [try tokenFile(inner["path"]?.stringValue ?? "token", token, mode: mode)]
        }
        let kind = source.value.objectValue?.keys.first ?? "unknown"
        throw VolumeProblem(message: "projected volumes with a \(kind) source are not supported; use configMap, secret, downwardAPI or serviceAccountToken")
    }

    // MARK: ConfigMaps and Secrets

    private var namespace: String { pod.namespace ?? "default" }

    private func configMap(_ source: KeyedVolumeSource, mode: Int64) throws(VolumeProblem) -> [VolumeFile] {
        guard let object = objects[.configMap(namespace, source.objectName)] else {
            if source.isOptional { return [] }
            throw VolumeProblem(message: "configmap \"\(source.objectName)\" not found", waitsForObject: true)
        }
        let view = ConfigMap(object)
        var data = view.data.mapValues { Array($0.utf8) }
        for (key, text) in view.binaryData { data[key] = Base64.decode(text) ?? [] }
        return try keyed(source, data, mode: mode, kind: "config")
    }

    private func secret(_ source: KeyedVolumeSource, mode: Int64) throws(VolumeProblem) -> [VolumeFile] {
        guard let object = objects[.secret(namespace, source.objectName)] else {
            if source.isOptional { return [] }
            throw VolumeProblem(message: "secret \"\(source.objectName)\" not found", waitsForObject: true)
        }
        return try keyed(source, Secret(object).data.mapValues { Base64.decode($0) ?? [] }, mode: mode, kind: "secret")
    }

    private func keyed(_ source: KeyedVolumeSource, _ data: [String: [UInt8]], mode: Int64, kind: String) throws(VolumeProblem) -> [VolumeFile] {
        if source.items.isEmpty {
            return try data.sorted { $0.key < $1.key }.map { entry throws(VolumeProblem) in try file(entry.key, entry.value, mode) }
        }
        var files: [VolumeFile] = []
        for item in source.items {
            guard let bytes = data[item.key] else {
                if source.isOptional { continue }
                throw VolumeProblem(message: "references non-existent \(kind) key: \(item.key)", waitsForObject: true)
            }
            files.append(try file(item.path, bytes, item.mode ?? mode))
        }
        return files
    }

    private func file(_ path: String, _ bytes: [UInt8], _ mode: Int64, owner: UInt32? = nil) throws(VolumeProblem) -> VolumeFile {
        guard VolumeFile.isAcceptable(path) else {
            throw VolumeProblem(message: "the path \"\(path)\" must be relative, without .. and with names of at most 255 bytes")
        }
        return VolumeFile(path: path, bytes: bytes, mode: UInt32(truncatingIfNeeded: mode) & 0o777, owner: owner)
    }

    // MARK: The pod itself

    private func downward(_ source: DownwardAPISource, mode: Int64) throws(VolumeProblem) -> [VolumeFile] {
        var files: [VolumeFile] = []
        for item in source.items {
            let text: String
            do throws(ConfigurationError) {
                if let field = item.fieldRef {
                    text = try fields.text(field.fieldPath)
                } else if let resource = item.resourceFieldRef {
                    text = try fields.amount(resource, own: nil)
                } else {
                    continue
                }
            } catch {
                throw VolumeProblem(message: error.message)
            }
            files.append(try file(item.path, Array(text.utf8), item.mode ?? mode))
        }
        return files
    }

    // MARK: Tokens

    /// A token is for the pod's user alone when that is known, or for its group.
    /// Source: the kubelet's projected volume, which owns the file by the uid that all containers share.
    private func tokenFile(_ path: String, _ token: String, mode: Int64) throws(VolumeProblem) -> VolumeFile {
        let owner = pod.sharedUser
        let isPrivate = owner != nil || pod.spec.securityContext.fsGroup != nil
        return try file(path, Array(token.utf8), isPrivate ? 0o600 : mode, owner: owner)
    }
}

extension Pod {
    /// The account that the pod's processes act as.
    var serviceAccount: String { spec.serviceAccountName.isEmpty ? "default" : spec.serviceAccountName }

    /// The user that all containers are told to run as; nil when they differ or one leaves it to its image.
    var sharedUser: UInt32? {
        let users = Set((spec.initContainers + spec.containers).map { $0.securityContext.runAsUser ?? spec.securityContext.runAsUser })
        guard users.count == 1, let only = users.first, let user = only else { return nil }
        return UInt32(exactly: user)
    }
}
