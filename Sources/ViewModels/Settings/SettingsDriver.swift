import Glibc
import LinuxKernel

/// Reads the user's settings files into ``PreferencesModel``, again whenever one changes, and writes what was chosen on the screen.
@MainActor package final class SettingsDriver: PreferencesStore {
    private let app: AppModel
    /// The applications that the settings are for, the one with the keys first. Default: the one it was made for.
    package var apps: () -> [AppModel] = { [] }
    private let directory: String
    private let watcher: FileWatcher?
    private var watches: [Int] = []
    private let wake: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation
    private var task: Task<Void, Never>?
    /// Writes follow each other in the order in which they were asked for.
    private var lastSave: Task<Void, Never>?

    /// A driver for a folder that need not be there.
    package init(app: AppModel, directory: String) {
        self.app = app
        self.directory = directory
        // best effort: without inotify the files are read again on request only.
        watcher = try? FileWatcher()
        (wake, wakeUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Reads the files, before the first frame; then follows them.
    package func start() {
        app.preferences.store = self
        watch()
        app.preferences.adopt(UserSettings.load(directory), directory: directory)
        task = Task { [weak self, wake] in
            for await _ in wake {
                guard let self, !Task.isCancelled else { return }
                await self.readAgain()
            }
        }
    }

    /// Ends it, after what was being written.
    package func stop() {
        task?.cancel()
        wakeUp.finish()
        for watch in watches { watcher?.stop(watch) }
        watches = []
    }

    package func reload() { wakeUp.yield() }

    private func readAgain() async {
        watch()
        let settings = await KernelThread.run("kdash-settings") { [directory] in UserSettings.load(directory) }
        for app in everyone where settings != app.preferences.settings { app.preferences.adopt(settings, directory: directory) }
    }

    private var everyone: [AppModel] {
        let apps = apps()
        return apps.isEmpty ? [app] : apps
    }

    /// Watches what is there now: folders may have come and gone.
    private func watch() {
        guard let watcher else { return }
        let parent = FileSystem.directory(of: directory)
        let name = FileSystem.name(of: directory)
        let old = watches
        watches = []
        let wakeUp = wakeUp
        for folder in [directory, "\(directory)/plugins", "\(directory)/themes"] where FileSystem.isDirectory(folder) {
            // best effort: a folder that cannot be watched is read on request.
            if let watch = try? watcher.watch(folder, handler: { if Self.concerns($0.name) { wakeUp.yield() } }) { watches.append(watch) }
        }
        // A folder that is not there yet may come; one that is there may go, and come again.
        // best effort: one that cannot be watched is read on request.
        if let watch = try? watcher.watch(parent, handler: { if $0.name == name { wakeUp.yield() } }) { watches.append(watch) }
        for watch in old { watcher.stop(watch) }
    }

    /// Editors write many files that are not ours.
    private nonisolated static func concerns(_ name: String) -> Bool {
        name.isEmpty || name.hasSuffix(".yaml") || name.hasSuffix(".theme") || name == "plugins" || name == "themes"
    }

    package func save(_ key: String, _ yaml: String, in file: String) { change([(key, yaml)], in: file) }

    package func remove(_ key: String, in file: String) { change([(key, nil)], in: file) }

    package func rename(_ key: String, to new: String, _ yaml: String, in file: String) { change([(new, yaml), (key, nil)], in: file) }

    private func change(_ changes: [SettingsEditor.Change], in file: String) {
        let path = "\(directory)/\(file)"
        let before = lastSave
        lastSave = Task { [weak self] in
            await before?.value
            do throws(SettingsProblem) {
                try await KernelThread.run("kdash-settings") { () throws(SettingsProblem) in try SettingsEditor.set(changes, in: path) }
                // Not every folder can be watched, and one that was not there until now is not watched yet.
                self?.reload()
                self?.everyone[0].toast(changes.allSatisfy { $0.yaml == nil } ? "taken out of \(file)" : "kept in \(file)", .dim)
            } catch {
                self?.everyone[0].toast("not kept: \(error)", .warning)
            }
        }
    }

    /// Waits for what is being written.
    package func finishSaving() async { await lastSave?.value }
}
