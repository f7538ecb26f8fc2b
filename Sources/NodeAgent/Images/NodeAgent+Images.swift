import APIMachinery
import ContainerImages
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import Synchronization

extension NodeAgent {
    /// Removes images that nobody uses while the disk is nearly full, in rounds.
    func collectImages(_ reading: NodePressure.Reading) async {
        let wanted = configuration.imageGarbage.excess(capacity: reading.diskTotal, available: reading.disk)
        guard wanted > .zero, imageRounds.withLock({ $0.begin(at: context.time.monotonic()) }) else { return }
        let freed = await removeImages(upTo: wanted, isUrgent: false)
        guard freed < wanted else { return imageRounds.withLock { $0.succeed() } }
        let message =
            "Failed to garbage collect required amount of images. Attempted to free \(wanted.value) bytes, but only found \(freed.value) bytes eligible to free."
        let name = JSONValue.string(configuration.nodeName)
        let node = KubeObject(["apiVersion": "v1", "kind": "Node", "metadata": ["name": name, "uid": name]])
        for reason in imageRounds.withLock({ $0.fail(at: context.time.monotonic()) }) {
            context.events.record(.warning, reason: reason, message, about: node)
        }
    }

    /// Removes every image that nobody uses; false when that gave nothing back.
    func removeUnusedImages() async -> Bool { await removeImages(upTo: ByteCount(.max), isUrgent: true) > .zero }

    /// Removes images one by one until so much is free again; returns how much that was.
    private func removeImages(upTo wanted: ByteCount, isUrgent: Bool) async -> ByteCount {
        let (images, now) = (context.images, context.time.now())
        let used = await imageUsers()
        for id in used { images.noteUse(of: id, at: now) }
        let candidates = images.list().map {
            ImageGarbage.Candidate(id: $0.id, loadedAt: $0.loadedAt, lastUse: images.lastUse(of: $0.id), hasName: !$0.names.isEmpty)
        }
        var (freed, count) = (ByteCount.zero, 0)
        for id in ImageGarbage.order(candidates, inUse: used, now: now, since: startedAt, isUrgent: isUrgent) where freed < wanted {
            do throws(ImageError) {
                let result = try await KernelThread.run("kdash-images") { () throws(ImageError) in try images.remove(ids: [id], inUse: used) }
                freed += result.freed
                count += result.removed.count
                for image in result.removed {
                    let name = image.names.first ?? "\(image.id)"
                    context.logger.info("removed an unused image", metadata: ["image": "\(name)", "bytes": "\(result.freed.value)"])
                }
            } catch {
                context.logger.warning("could not remove an unused image", metadata: ["image": "\(id)", "error": "\(error)"])
            }
        }
        if count > 0 { imagesChanged() }
        return freed
    }

    /// Removes what containers of pods that have ended wrote to their roots; false when that gave nothing back.
    func removeEndedRoots() async -> Bool {
        let ended = pods.all().map { Pod($0) }.filter { pod in
            pod.isTerminated && pod.allContainers.allSatisfy { running.attempt(podUID: pod.uid, container: $0.name) == nil }
        }.map(\.uid)
        let (paths, logger) = (configuration.paths, context.logger)
        return await KernelThread.run("kdash-remove") {
            var freed = ByteCount.zero
            for uid in ended {
                let path = paths.relative("\(paths.pod(uid))/containers")
                let use = DirectoryUsage.measure(path, below: paths.data)
                guard use.size > .zero else { continue }
                do throws(SystemError) {
                    let folder = try SafeDirectory.open(paths.relative(paths.pod(uid)), below: paths.data)
                    try FileSystem.removeTree("containers", at: folder.raw)
                    freed += use.size
                } catch {
                    logger.warning("could not remove an ended container's files", metadata: ["path": "\(path)", "error": "\(error)"])
                }
            }
            return freed > .zero
        }
    }
}
