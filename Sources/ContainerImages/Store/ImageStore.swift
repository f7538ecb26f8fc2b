internal import Glibc
internal import JSONCore
package import LinuxKernel
internal import Synchronization

/// The images of one data directory. One process at a time (the data directory's lock says which).
///
/// Loading and importing block for seconds: call them through their `async` forms or from a thread of your own. Everything else
/// answers from memory.
package final class ImageStore: Sendable {
    let folders: StoreFolders
    let time: any TimeSource
    let ownership: LayerUnpacker.Ownership
    private let records: Mutex<[ImageRecord]>
    /// When images were last used, as far as anybody said.
    private let uses = Mutex<[Digest: Timestamp]>([:])
    /// Held while layers are made or removed, so that nobody removes what another is about to use.
    private let change = Mutex<Void>(())

    /// Opens the store, making it when new, and removes what an interrupted load left.
    package init(directory: String, time: any TimeSource = SystemTimeSource()) throws(ImageError) {
        self.time = time
        ownership = geteuid() == 0 ? .exact : .ownUser
        folders = try explaining("open the image store \(directory)") { () throws(SystemError) in try StoreFolders(directory) }
        records = Mutex(try Self.read(folders.root))
    }

    /// Every image, by first name.
    package func list() -> [ImageRecord] {
        records.withLock { $0 }.sorted { ($0.names.first ?? "~\($0.id)") < ($1.names.first ?? "~\($1.id)") }
    }

    /// Finds an image by what a manifest says: a name with or without tag and digest, an image id, or at least 12 digits of one.
    /// nil when it is not here. The demo image is made on first demand.
    package func resolve(_ reference: String) throws(ImageError) -> Image? {
        if let record = find(byID: reference) { return try image(record) }
        let parsed = try ImageReference(parsing: reference)
        if parsed.description == DemoImage.reference { _ = try ensureDemoImage() }
        let found = records.withLock { all in
            all.first { record in
                if let digest = parsed.digest {
                    return record.manifestDigest == digest || record.id == digest
                }
                return record.names.contains(parsed.description)
            }
        }
        return try found.map(image)
    }

    /// Something uses an image at this moment.
    package func noteUse(of id: Digest, at now: Timestamp) { uses.withLock { $0[id] = max(now, $0[id] ?? now) } }

    /// When an image was last used since the store was opened; nil for never.
    package func lastUse(of id: Digest) -> Timestamp? { uses.withLock { $0[id] } }

    /// Takes names away or removes images that nothing uses: all names of an image given by id, or the one name given.
    /// - Parameter inUse: ids of images that containers were made from; `inUse` is thrown for them.
    package func remove(_ reference: String, inUse: Set<Digest>) throws(ImageError) {
        try exclusively { () throws(ImageError) in
            var next = records.withLock { $0 }
            if let record = find(byID: reference) {
                guard !inUse.contains(record.id) else {
                    throw ImageError(.inUse, "containers still use \(reference); delete their pods first")
                }
                next.removeAll { $0.id == record.id }
            } else {
                let name = try ImageReference(parsing: reference).description
                guard let index = next.firstIndex(where: { $0.names.contains(name) }) else {
                    throw ImageError(.notFound, "there is no image \(reference)")
                }
                if next[index].names.count == 1, inUse.contains(next[index].id) {
                    throw ImageError(.inUse, "containers still use \(reference); delete their pods first")
                }
                next[index].names.removeAll { $0 == name }
                if next[index].names.isEmpty { next.remove(at: index) }
            }
            try replace(next)
            try removeUnreferenced()
        }
    }

    /// Removes images without a name, or all images with `all`, that nothing uses; returns what was removed.
    package func prune(inUse: Set<Digest>, all: Bool = false) throws(ImageError) -> (removed: [ImageRecord], freed: ByteCount) {
        try exclusively { () throws(ImageError) in
            let current = records.withLock { $0 }
            let removed = current.filter { !inUse.contains($0.id) && (all || $0.names.isEmpty) }
            try replace(current.filter { !removed.contains($0) })
            return (removed, try removeUnreferenced())
        }
    }
}

extension ImageStore {
    /// Runs something that makes or removes layers.
    func exclusively<T>(_ body: () throws(ImageError) -> T) throws(ImageError) -> T {
        let result: Result<T, ImageError> = change.withLock { _ in
            do throws(ImageError) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Makes images known, durably; their names leave the images that had them.
    func add(_ new: [ImageRecord]) throws(ImageError) {
        var next = records.withLock { $0 }
        for record in new {
            var merged = record
            if let old = next.first(where: { $0.id == record.id }) {
                merged.names = Array(Set(old.names + record.names)).sorted()
                merged.manifestDigest = record.manifestDigest ?? old.manifestDigest
            }
            next.removeAll { $0.id == record.id }
            for index in next.indices { next[index].names.removeAll { merged.names.contains($0) } }
            next.append(merged)
        }
        try replace(next)
    }

    /// Removes layers and blobs that no record mentions; returns the size of the layers.
    @discardableResult
    func removeUnreferenced() throws(ImageError) -> ByteCount {
        let current = records.withLock { $0 }
        let layers = Set(current.flatMap(\.layers).map(\.hex))
        let blobs = Set(current.flatMap { [$0.id.hex] + ($0.manifestDigest.map { [$0.hex] } ?? []) })
        return try explaining("remove unused layers") { () throws(SystemError) in
            var freed = ByteCount.zero
            for name in try folders.layers.names() where !layers.contains(name) {
                freed += size(ofLayer: name)
                try folders.layers.remove(name)
            }
            for name in try folders.blobs.names() where !blobs.contains(name) { try folders.blobs.remove(name) }
            return freed
        }
    }

    func image(_ record: ImageRecord) throws(ImageError) -> Image {
        let bytes = try explaining("read the configuration of \(record.id)") { () throws(SystemError) in
            try folders.blobs.read(record.id.hex, limit: 4 << 20)
        }
        return Image(
            record: record, config: try ImageConfiguration(parsing: bytes).config,
            layerDirectories: record.layers.reversed().map(folders.content))
    }

    /// The record whose source and name are these: a locally made image that is still up to date.
    func current(_ name: String, source: String) -> ImageRecord? {
        records.withLock { $0.first { $0.source == source && $0.names.contains(name) } }
    }

    /// The unpacked size of a layer; zero when it has none.
    func size(ofLayer name: String) -> ByteCount {
        do throws(SystemError) { return try folders.layers.open(name).size("size") } catch { return .zero }  // Only a figure for people.
    }

    private func find(byID text: String) -> ImageRecord? {
        let digits = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
        guard (12...64).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        let matches = records.withLock { $0.filter { $0.id.hex.hasPrefix(digits) } }
        return matches.count == 1 ? matches[0] : nil
    }

    func replace(_ next: [ImageRecord]) throws(ImageError) {
        let document: JSONValue = ["version": 1, "images": .array(next.map(\.value))]
        try explaining("write the list of images") { () throws(SystemError) in
            try folders.root.write(StoreFolders.records, JSON.encode(document, pretty: true))
        }
        records.withLock { $0 = next }
        let known = Set(next.map(\.id))
        uses.withLock { uses in uses = uses.filter { known.contains($0.key) } }
    }

    private static func read(_ root: StoreFolder) throws(ImageError) -> [ImageRecord] {
        guard root.has(StoreFolders.records) else { return [] }
        let path = "\(root.path)/\(StoreFolders.records)"
        let bytes = try explaining("read the list of images") { () throws(SystemError) in try root.read(StoreFolders.records, limit: 64 << 20) }
        let value: JSONValue
        do throws(JSONError) { value = try JSON.parse(bytes, limits: .unlimitedSize) } catch {
            throw ImageError(.corrupt, "\(path) is damaged (\(error)); move it away and load the images again")
        }
        guard value["version"] == 1, let list = value["images"]?.arrayValue else {
            throw ImageError(
                .unsupported,
                "\(path) was written by another version of kdash; use that one, or move the file away and load the images again")
        }
        var records: [ImageRecord] = []
        for item in list {
            guard let record = ImageRecord(item) else {
                throw ImageError(.corrupt, "\(path) has a damaged record; move it away and load the images again")
            }
            records.append(record)
        }
        return records
    }
}
