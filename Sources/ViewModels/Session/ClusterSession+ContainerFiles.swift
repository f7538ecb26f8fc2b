import APIMachinery
import KubeClient
import LinuxKernel

/// Where a browser of a container's files is.
@MainActor final class FileBrowser {
    let container: ContainerTarget
    /// The text that shows it, which holds it.
    weak var model: DetailModel?
    var path = FilePath.root
    var files: [String: ContainerFile] = [:]
    var isRunning = false

    init(_ container: ContainerTarget, _ model: DetailModel) {
        self.container = container
        self.model = model
    }

    /// The file under the cursor, with its path; nil for the way up, and while nothing is listed.
    var selected: (path: FilePath, file: ContainerFile)? {
        guard let value = model?.selectedLink?.value, let file = files[value], let path = FilePath(value) else { return nil }
        return (path, file)
    }
}

/// Files of containers.
extension ClusterSession {
    /// The largest file that is edited here.
    private static let maximumEdited = ContainerFilePart.maximumBytes
    /// The largest file that is copied into a container.
    private static let maximumCopiedIn = 256 << 20

    func openFiles(_ container: ContainerTarget, _ binding: ObjectBinding) {
        lookInside("Files of a container") { [weak self] in self?.showFiles(container, binding) }
    }

    private func showFiles(_ container: ContainerTarget, _ binding: ObjectBinding) {
        let model = DetailModel(title: "Files of \(container.pod)/\(container.container)", kind: .files, binding: binding)
        let browser = FileBrowser(container, model)
        model.lines = [[TextSpan("reading /", .pending)]]
        model.onOpen = { [weak self, weak model] _ in
            guard let self, let value = model?.selectedLink?.value, let path = FilePath(value) else { return }
            guard let file = browser.files[value] else { return enter(browser, path, from: browser.path) }
            openFile(browser, path, file)
        }
        model.reopen = { [weak self] in self?.enter(browser, browser.path, from: browser.selected?.path) }
        model.actions = [
            .up: { [weak self] in if browser.path != .root { self?.enter(browser, browser.path.parent, from: browser.path) } },
            .copyOut: { [weak self] in self?.askCopyOut(browser) },
        ]
        model.actions[.edit] = { [weak self] in self?.edit(browser) }
        model.actions[.copyIn] = { [weak self] in self?.askCopyIn(browser) }
        show(model)
        model.isReading = false
        model.hints = [
            ("detail.open", "open"), ("files.up", "up"), ("files.edit", "edit"), ("files.copyOut", "copy to here"), ("files.copyIn", "copy from here"),
            ("detail.copy", "copy the path"),
        ]
        enter(browser, .root, from: nil)
    }

    /// Lists a directory; the cursor goes to where one came from, or to its first file.
    private func enter(_ browser: FileBrowser, _ path: FilePath, from place: FilePath?) {
        read(browser) { inside, container throws(APIStatus) in
            try await inside.list(container, path: path)
        } then: { [weak self] listing in
            browser.path = path
            browser.isRunning = listing.isRunning
            browser.files = Dictionary(listing.files.map { (path.appending($0.name).description, $0) }, uniquingKeysWith: { first, _ in first })
            browser.model?.show(ContainerFilesText.list(listing, at: path))
            browser.model?.top = 0
            let first = ContainerFilesText.sorted(listing.files).first.map { path.appending($0.name) }
            if let place = place ?? first { browser.model?.select(value: place.description) }
            self?.app.signal.touch()
        }
    }

    private func openFile(_ browser: FileBrowser, _ path: FilePath, _ file: ContainerFile) {
        switch file.kind {
        case .directory: enter(browser, path, from: nil)
        case .link:
            // Where a link leads only the node knows: a directory is entered, anything else is shown.
            read(browser) { inside, container throws(APIStatus) -> Bool in
                do throws(APIStatus) {
                    _ = try await inside.list(container, path: path)
                    return true
                } catch {
                    guard error.code == 404 else { throw error }
                    return false
                }
            } then: { [weak self] isDirectory in
                if isDirectory { self?.enter(browser, path, from: nil) } else { self?.view(browser, path) }
            }
        default: view(browser, path)
        }
    }

    private func view(_ browser: FileBrowser, _ path: FilePath) {
        read(browser) { inside, container throws(APIStatus) in
            try await inside.read(container, path: path, limit: ContainerFilesText.maximumShown)
        } then: { [weak self] part in
            guard let self else { return }
            let model = DetailModel(title: path.description, binding: browser.model?.binding)
            model.isLive = false
            model.show(ContainerFilesText.content(part))
            show(model)
        }
    }

    /// Asks the container's side, and shows a refusal without leaving where one is.
    private func read<Value: Sendable>(
        _ browser: FileBrowser, _ work: @escaping @Sendable (any ContainerAccess, ContainerTarget) async throws(APIStatus) -> Value,
        then: @escaping (Value) -> Void
    ) {
        guard let inside = containerAccess else { return app.toast("no cluster is connected", .warning) }
        browser.model?.onClose = { [weak self] in self?.tasks.cancel(.detail) }
        tasks.run(.detail) { [weak self] in
            do throws(APIStatus) {
                let value = try await work(inside, browser.container)
                guard let self, !Task.isCancelled, app.detail != nil, app.detail === browser.model else { return }
                then(value)
            } catch {
                guard let self, !Task.isCancelled, app.detail != nil, app.detail === browser.model else { return }
                let reason = insideText(error)
                app.toast(reason, .warning)
                if browser.files.isEmpty { browser.model?.lines = [[TextSpan(reason, .error)]] }
            }
        }
    }

    // MARK: - Editing

    private func edit(_ browser: FileBrowser) {
        guard let (path, file) = browser.selected else { return }
        guard browser.isRunning else { return app.toast("the container has ended: its files can only be read", .warning) }
        guard file.kind == .file || file.kind == .link else { return app.toast("\(path) is no file that can be edited", .warning) }
        guard file.size.value <= Int64(Self.maximumEdited) else {
            return app.toast("\(path) has \(ByteText.short(file.size.value)): copy it here with w, and back with r", .warning)
        }
        read(browser) { inside, container throws(APIStatus) in
            try await inside.read(container, path: path, limit: Self.maximumEdited)
        } then: { [weak self] part in
            self?.edit(browser, path, part)
        }
    }

    private func edit(_ browser: FileBrowser, _ path: FilePath, _ part: ContainerFilePart) {
        guard let host = app.host else { return }
        guard String(validating: part.bytes, as: UTF8.self) != nil, !part.bytes.contains(0) else { return app.toast("\(path) is no text", .warning) }
        let folder = "\(stateDirectory)/edit-\(SecureRandom.hex(8))"
        let local = "\(folder)/\(LocalFile.name(path.name))"
        do throws(SystemError) {
            try FileSystem.makeDirectories(folder, mode: 0o700)
            try FileSystem.writeAtomically(local, part.bytes, mode: 0o600)
        } catch {
            return app.toast("not opened: \(error)", .error)
        }
        let status = host.edit(local, holding: nil)
        do throws(SystemError) {
            let bytes = try FileSystem.readFile(local, limit: Self.maximumEdited)
            let ended = status == 0 ? "" : "the editor ended with \(status.map { "\($0)" } ?? "nothing"); "
            guard bytes != part.bytes else {
                LocalFile.remove(folder)
                return app.toast("\(ended)nothing was changed", .dim)
            }
            // Whether it was meant is not known: what was typed stays where it is.
            guard status == 0 else { return app.toast("\(ended)nothing was written, and your text is in \(local)", .warning) }
            write(browser, path, bytes, ifVersion: part.file.version, isExecutable: false, keptAt: (local, folder))
        } catch {
            app.toast("the text was not taken from \(local): \(error)", .error)
        }
    }

    /// Writes a file of the container; what was typed stays on the disk until it is there.
    private func write(
        _ browser: FileBrowser, _ path: FilePath, _ bytes: [UInt8], ifVersion: String?, isExecutable: Bool, keptAt kept: (file: String, folder: String)?
    ) {
        guard let inside = containerAccess else { return app.toast("no cluster is connected", .warning) }
        let container = browser.container
        tasks.add { [weak self] in
            do throws(APIStatus) {
                _ = try await inside.write(container, path: path, bytes, ifVersion: ifVersion, isExecutable: isExecutable)
                if let kept { LocalFile.remove(kept.folder) }
                guard let self else { return }
                app.toast("wrote \(ByteText.short(Int64(bytes.count))) to \(path)", .ok)
                if app.detail != nil, app.detail === browser.model { enter(browser, browser.path, from: path) }
            } catch {
                self?.app.toast("not written: \(error.message)\(kept.map { "; your text is in \($0.file)" } ?? "")", .error)
            }
        }
    }

    // MARK: - Copying

    private func askCopyOut(_ browser: FileBrowser) {
        guard let (path, file) = browser.selected else { return askFolderOut(browser, browser.path) }
        if file.kind == .directory { return askFolderOut(browser, path) }
        guard file.kind == .file || file.kind == .link else { return app.toast("\(path) is neither a file nor a directory", .warning) }
        askLine("copy \(path) to the file", "./\(LocalFile.name(path.name))") { [weak self] text in
            guard let self, !text.isEmpty else { return }
            let local = ManifestFiles.expanded(text)
            guard FileSystem.exists(local) else { return copyOut(browser, path, local) }
            if FileSystem.isDirectory(local) { return copyOut(browser, path, "\(local)/\(LocalFile.name(path.name))") }
            ask("Replace \(local)?", [[TextSpan("There is such a file on this machine already.", .warning)]], [], verb: "Replace") { [weak self] in
                self?.copyOut(browser, path, local, replaces: true)
            }
        }
    }

    private func copyOut(_ browser: FileBrowser, _ path: FilePath, _ local: String, replaces: Bool = false) {
        guard let inside = containerAccess else { return app.toast("no cluster is connected", .warning) }
        let container = browser.container
        app.toast("copying \(path)", .dim)
        tasks.add { [weak self] in
            do throws(APIStatus) {
                let count = try await LocalFile.take(local, replaces: replaces) { offset throws(APIStatus) in
                    try await inside.read(container, path: path, offset: offset)
                }
                self?.app.toast("copied \(ByteText.short(count)) to \(local)", .ok)
            } catch {
                self?.app.toast("not copied: \(error.message)", .error)
            }
        }
    }

    private func askCopyIn(_ browser: FileBrowser) {
        guard browser.isRunning else { return app.toast("the container has ended: its files can only be read", .warning) }
        let folder = browser.path
        askLine("copy to \(folder) the file or directory of this machine", "./") { [weak self] text in
            guard let self, !text.isEmpty else { return }
            let named = ManifestFiles.expanded(text)
            let local = named.count > 1 && named.hasSuffix("/") ? String(named.dropLast()) : named
            if FileSystem.isDirectory(local) { return askFolderIn(browser, local) }
            do throws(APIStatus) {
                let (bytes, isExecutable) = try LocalFile.read(local, limit: Self.maximumCopiedIn)
                let path = folder.appending(FilePath(bytes: FileSystem.name(of: local).utf8))
                guard let present = browser.files[path.description] else {
                    return write(browser, path, bytes, ifVersion: "", isExecutable: isExecutable, keptAt: nil)
                }
                ask(
                    "Replace \(path) in the container?", [[TextSpan("\(present.modeText)  \(ByteText.short(present.size.value))", .warning)]], [],
                    verb: "Replace"
                ) {
                    [weak self] in
                    // A link is written through, so what is behind it has another version.
                    self?.write(browser, path, bytes, ifVersion: present.kind == .file ? present.version : nil, isExecutable: isExecutable, keptAt: nil)
                }
            } catch {
                app.toast(error.message, .warning)
            }
        }
    }
}
