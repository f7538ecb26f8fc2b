internal import JSONCore
internal import LinuxKernel

/// One image of an archive, located but not yet believed.
struct ImageManifest {
    struct Layer {
        let blob: FileSlice
        /// What the blob must hash to; nil in Docker's old form, where only the unpacked content is pinned.
        let digest: Digest?
    }

    let configuration: ImageConfiguration
    let layers: [Layer]
    /// Completed references.
    var names: [String]
    /// The manifest itself; nil in Docker's old form.
    let manifest: (bytes: [UInt8], digest: Digest)?

    static let maximumDocument: Int64 = 4 << 20

    /// Every image of an archive that this machine can run.
    static func all(in archive: any ImageArchive, name: String) throws(ImageError) -> [ImageManifest] {
        if try archive.file("oci-layout") != nil {
            var images = try OCILayout(archive).images()
            // Docker 25 and later write both; only their own file has the complete names.
            if let list = try archive.file("manifest.json") {
                for image in try DockerArchive(archive).entries(list) {
                    let named = images.firstIndex { "blobs/sha256/\($0.configuration.digest.hex)" == image.config }
                    if let named { images[named].names += image.names.filter { !images[named].names.contains($0) } }
                }
            }
            return images
        }
        if let list = try archive.file("manifest.json") { return try DockerArchive(archive).images(list) }
        throw ImageError(.unsupported, "\(name) is neither an OCI layout (no oci-layout) nor a `docker save` archive (no manifest.json)")
    }

    static func json(_ slice: FileSlice) throws(ImageError) -> JSONValue {
        let bytes = try slice.readAll(limit: maximumDocument)
        do throws(JSONError) { return try JSON.parse(bytes, limits: JSONLimits(maximumBytes: Int(maximumDocument))) } catch {
            throw ImageError(.corrupt, "\(slice.name) is not JSON: \(error)")
        }
    }

    /// Completes a name found in an archive; one that is not a reference is left out.
    static func complete(_ name: String) -> String? {
        do throws(ImageError) { return try ImageReference(parsing: name).description } catch { return nil }
    }

    /// `unsupported` unless this machine can run it.
    static func checkPlatform(_ configuration: ImageConfiguration, _ layers: Int, name: String) throws(ImageError) {
        let machine = SystemFacts.architecture
        guard configuration.operatingSystem.isEmpty || configuration.operatingSystem == "linux",
            configuration.architecture.isEmpty || configuration.architecture == machine
        else {
            throw ImageError(
                .unsupported,
                "\(name) is for \(configuration.operatingSystem)/\(configuration.architecture); this machine is linux/\(machine)")
        }
        guard configuration.diffIDs.count == layers else {
            throw ImageError(.corrupt, "\(name): the configuration lists \(configuration.diffIDs.count) layers, the manifest \(layers)")
        }
    }
}
