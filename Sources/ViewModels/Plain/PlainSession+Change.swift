import APIMachinery
import ClusterOperations
import Glibc
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

extension PlainSession {
    /// A file of manifests.
    private static let maximumFile = 8 << 20

    /// Rehearses every object of a file on the server, asks, and applies.
    func apply(_ words: [String]) async throws(APIStatus) {
        guard let path = words.first else { return say("apply which file?") }
        let objects = try Self.parse(try await Self.read(path), path)
        guard !objects.isEmpty else { return say("\(PlainText.safe(path)) holds no object") }
        for object in objects {
            _ = try await put(object, WriteOptions(isDryRun: true, fieldManager: Self.manager, fieldValidation: "Strict"))
            say("the server accepts \(Self.name(object))")
        }
        say("apply \(objects.count == 1 ? "it" : "all \(objects.count)") in context \(PlainText.safe(context))? type yes")
        guard await input.next()?.lowercased() == "yes" else { return say("nothing was changed") }
        for object in objects {
            _ = try await put(object, WriteOptions(fieldManager: Self.manager))
            say("applied \(Self.name(object))")
        }
    }

    private static let manager = "kdash"

    private static func name(_ object: KubeObject) -> String {
        PlainText.safe("\(object.kind) \(object.namespace.map { "\($0)/" } ?? "")\(object.name)")
    }

    private static func read(_ path: String) async throws(APIStatus) -> [UInt8] {
        do throws(SystemError) {
            return try await KernelThread.run("kdash-read") { () throws(SystemError) -> [UInt8] in
                let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
                guard try file.status().st_mode & S_IFMT == S_IFREG else {
                    throw SystemError(call: "open", errno: EINVAL, arguments: path, detail: "it is not a file")
                }
                return try FileSystem.readAll(file, limit: maximumFile, named: path)
            }
        } catch {
            throw APIStatus.badRequest("\(error)")
        }
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws(APIStatus) -> [KubeObject] {
        do throws(YAMLError) {
            return try YAML.parse(bytes).filter { !$0.value.isNull }.map { KubeObject($0.value) }
        } catch {
            throw APIStatus.badRequest("\(path): \(error)")
        }
    }

    /// Applies an object on the server; what it does not name stays as it is.
    private func put(_ object: KubeObject, _ options: WriteOptions) async throws(APIStatus) -> KubeObject {
        guard !object.kind.isEmpty, !object.name.isEmpty else { throw APIStatus.badRequest("an object needs kind and metadata.name") }
        guard let kind = try await ServedKinds.read(client).kind(apiVersion: object.apiVersion, object.kind) else {
            throw APIStatus.badRequest("the server has no kind \(object.kind) in \(object.apiVersion)")
        }
        return try await client.patch(
            kind.resource, namespace: kind.isNamespaced ? object.namespace ?? namespace ?? "default" : nil, name: object.name, type: .apply,
            object.value, options: options)
    }

    /// Deletes an object after its name was typed again.
    func delete(_ words: [String]) async throws(APIStatus) {
        let (kind, object) = try await object(words, "delete")
        say("delete \(Self.name(object)) in context \(PlainText.safe(context))? type \(PlainText.safe(object.name)) to delete it")
        guard await input.next() == object.name else { return say("nothing was deleted") }
        let left = try await client.delete(
            kind.resource, namespace: object.namespace, name: object.name, DeleteOptions(uid: object.uid))
        say(left == nil ? "\(Self.name(object)) is deleted" : "\(Self.name(object)) is going: its grace period runs")
    }

    /// Lets changes pass after the context's name was typed.
    func unlock() async {
        let gate = client.gate
        guard gate.canUnlock else {
            return say(gate.isWritable ? "kdash made this cluster: changes pass" : "kdash was started with --readonly; start it without to make changes")
        }
        say("unlock context \(PlainText.safe(gate.context)) at \(PlainText.safe(server)) for 15 minutes? type \(PlainText.safe(gate.context))")
        guard let name = await input.next(), gate.unlock(typedName: name) else { return say("it stays as it is: that is not its name") }
        say("context \(PlainText.safe(gate.context)) is writable for 15 minutes; lock ends that")
    }

    /// Says a pod's log.
    func logs(_ words: [String]) async throws(APIStatus) {
        var (names, tail, isPrevious, isFollowed) = ([String](), Int64(100), false, false)
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "-p", "--previous": isPrevious = true
            case "-f", "--follow": isFollowed = true
            case "--tail":
                guard let count = rest.popFirst().flatMap({ Int64($0) }), count >= 0 else { return say("--tail takes a number of lines") }
                tail = count
            default: names.append(word)
            }
        }
        guard let name = names.first else { return say("logs of which pod?") }
        let (_, object) = try await object(["pods", name], "logs")
        let pod = Pod(object)
        guard let container = names.count > 1 ? names[1] : pod.spec.containers.first?.name else { return say("the pod has no container") }
        if names.count == 1, pod.spec.containers.count > 1 {
            say("container \(PlainText.safe(container)); the others are \(PlainText.safe(pod.spec.containers.dropFirst().map(\.name).joined(separator: ", ")))")
        }
        let source = try await client.logs(
            LogRequest(
                namespace: object.namespace ?? "", pod: object.name, podUID: object.uid, container: container, follow: isFollowed,
                previous: isPrevious, tailLines: tail))
        if isFollowed { await followUntilLine(source) } else { await read(source) }
        say("end of the log")
    }

    private func read(_ source: any ByteSource) async {
        var lines = LineReader(source)
        do throws(APIStatus) {
            while let line = try await lines.next() { say(PlainText.safe(PluginRunner.withoutEscapes(String(decoding: line, as: UTF8.self)))) }
        } catch {
            say("the log broke off: \(PlainText.safe(error.message))")
        }
    }

    /// Reads on until the log ends or anything is typed.
    private func followUntilLine(_ source: any ByteSource) async {
        say("press Enter to stop")
        let input = input
        await input.arm()
        let stop = Task {
            _ = await input.nextUnlessReleased()
            source.cancel()
        }
        await read(source)
        await input.release()
        await stop.value
    }
}
