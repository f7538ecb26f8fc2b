import APIMachinery
import KubeClient
import LinuxKernel

/// Copying whole directories from and to containers.
extension ClusterSession {
    func askFolderOut(_ browser: FileBrowser, _ path: FilePath) {
        let name = path == .root ? browser.container.container : LocalFile.name(path.name)
        let check = { (text: String) in
            let local = Self.folder(text, name)
            return !text.isEmpty && FileSystem.exists(local) ? "\(local) is there already: name another directory" : nil
        }
        askLine("copy the directory \(path) to", "./\(name)", check: check) { [weak self] text in
            guard let self, !text.isEmpty else { return }
            let local = Self.folder(text, name)
            let container = browser.container
            copyFolder("Copying \(path) to \(local)", browser) { inside, tell throws(APIStatus) in
                try await FolderCopy.out(inside, container, path, to: local, tell: tell)
            }
        }
    }

    /// The directory of this machine that a text means: in one that is there, one of the name.
    private static func folder(_ text: String, _ name: String) -> String {
        let named = ManifestFiles.expanded(text)
        return FileSystem.isDirectory(named) ? "\(named)/\(name)" : named
    }

    func askFolderIn(_ browser: FileBrowser, _ local: String) {
        let name = FileSystem.name(of: FileSystem.truePath(local))
        guard !name.isEmpty, name != "/", name != ".", name != ".." else { return app.toast("\(local) has no name to copy it as: name a directory", .warning) }
        let target = browser.path.appending(FilePath(bytes: name.utf8))
        let (files, detail) = (browser.files, app.detail)
        tasks.run(.question) { [weak self] in
            do throws(APIStatus) {
                let plan = try await KernelThread.run("kdash-files") { () throws(APIStatus) in try FolderCopy.plan(local) }
                // Something else may have been begun meanwhile, and nothing takes the keys from who types.
                guard let self, !Task.isCancelled, app.detail === detail, app.modal == nil, app.inputMode == .browse else { return }
                let present = files[target.description]
                guard present == nil || present?.kind == .directory else { return app.toast("\(target) is there and no directory", .warning) }
                var whole = FolderCopy.Progress()
                (whole.files, whole.directories, whole.bytes) = (plan.files.count, plan.directories.count, plan.progress.total ?? 0)
                let what = "From \(local): \(FolderCopyText.amount(whole))."
                var body: [[TextSpan]] = [[TextSpan(what)]]
                if present != nil { body.append([TextSpan("The directory is there: files of the same names are written over.", .warning)]) }
                if plan.progress.leftOutCount > 0 {
                    body.append([TextSpan("Left out: \(plan.progress.leftOutCount), first \(plan.progress.leftOut[0]).", .warning)])
                }
                ask("Copy \(name) to \(target)?", body, [], verb: "Copy", isDestructive: present != nil) { [weak self] in
                    let container = browser.container
                    self?.copyFolder("Copying \(local) to \(target)", browser) { inside, tell throws(APIStatus) in
                        try await FolderCopy.into(inside, container, plan, from: local, to: target, tell: tell)
                    }
                }
            } catch {
                guard !Task.isCancelled else { return }
                self?.app.toast("not copied: \(error.message)", .warning)
            }
        }
    }

    /// Copies behind a page that tells how far it is; closed, the copying goes on.
    private func copyFolder(
        _ title: String, _ browser: FileBrowser,
        _ copy: @escaping @Sendable (any ContainerAccess, FolderCopy.Tell) async throws(APIStatus) -> FolderCopy.Progress
    ) {
        guard let inside = containerAccess else { return app.toast("no cluster is connected", .warning) }
        let model = DetailModel(title: title, binding: browser.model?.binding)
        model.isLive = false
        model.parent = app.detail
        model.hints = [("detail.stop", "stop")]
        model.lines = FolderCopyText.page(FolderCopy.Progress(), end: nil)
        app.detail = model
        let progress = LatestProgress()
        let work = tasks.add { [weak self, time] in
            var last = time.monotonic()
            let tell: FolderCopy.Tell = { [weak self, weak model] now in
                await progress.set(now) {
                    guard let model, model.onStop != nil, time.monotonic() - last > .milliseconds(100) else { return }
                    last = time.monotonic()
                    model.lines = FolderCopyText.page(now, end: nil)
                    self?.app.signal.touch()
                }
            }
            do throws(APIStatus) {
                let done = try await copy(inside, tell)
                self?.endCopy(model, done, nil, browser)
            } catch {
                self?.endCopy(model, progress.value, error, browser)
            }
        }
        model.onStop = { [weak self] in self?.tasks.cancelWork(work) }
    }

    private func endCopy(_ model: DetailModel, _ progress: FolderCopy.Progress, _ failure: APIStatus?, _ browser: FileBrowser) {
        model.onStop = nil
        model.lines = FolderCopyText.page(progress, end: failure.map { .failure($0) } ?? .success(()))
        let left = progress.leftOutCount == 0 ? "" : ", \(progress.leftOutCount) left out"
        app.toast(
            failure.map { "not all is copied: \($0.message)" } ?? "copied \(FolderCopyText.amount(progress))\(left)",
            failure == nil && left.isEmpty ? .ok : .warning)
        if app.detail != nil, app.detail === browser.model { browser.model?.reopen?() }
        app.signal.touch()
    }
}

/// The newest progress of a copy.
@MainActor private final class LatestProgress {
    private(set) var value = FolderCopy.Progress()

    func set(_ new: FolderCopy.Progress, _ show: @MainActor () -> Void) {
        value = new
        show()
    }
}

/// How far the copying of a directory is, in words.
enum FolderCopyText {
    static func page(_ progress: FolderCopy.Progress, end: Result<Void, APIStatus>?) -> [[TextSpan]] {
        var lines: [[TextSpan]] = []
        switch end {
        case nil: lines.append([TextSpan("copying: ", .pending), TextSpan(amount(progress))])
        case .success?:
            lines.append([TextSpan("copied ", .ok), TextSpan(amount(progress))])
        case .failure(let status)?:
            lines.append([TextSpan("not all is copied: \(status.message)", .warning)])
            lines.append([TextSpan("until then \(amount(progress))", .dim)])
        }
        guard progress.leftOutCount > 0 else { return lines }
        lines += [[], [TextSpan("left out: \(progress.leftOutCount)", .warning)]]
        lines += progress.leftOut.map { [TextSpan("  \($0)", .dim)] }
        if progress.leftOutCount > progress.leftOut.count { lines.append([TextSpan("  and \(progress.leftOutCount - progress.leftOut.count) more", .dim)]) }
        return lines
    }

    static func amount(_ progress: FolderCopy.Progress) -> String {
        let total = progress.total.map { " of \(ByteText.short($0))" } ?? ""
        let files = progress.files == 1 ? "1 file" : "\(progress.files) files"
        let directories = progress.directories == 0 ? "1 directory" : "\(progress.directories + 1) directories"
        return "\(files) in \(directories), \(ByteText.short(progress.bytes))\(total)"
    }
}
