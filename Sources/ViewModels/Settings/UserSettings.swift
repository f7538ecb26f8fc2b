import Glibc
import LinuxKernel

/// Everything the user's settings files say. What is bad in them is listed in ``problems`` and has its default here.
package struct UserSettings: Sendable, Hashable {
    /// A theme of the user's, not parsed yet.
    package struct ThemeFile: Sendable, Hashable {
        /// The file's name without `.theme`.
        package var name: String
        /// Where it is.
        package var path: String
        /// What it says.
        package var text: String
        /// A theme's file.
        package init(name: String, path: String, text: String) {
            self.name = name
            self.path = path
            self.text = text
        }
    }

    /// `screen.yaml`.
    package var screen = ScreenSettings()
    /// `keys.yaml` and `hotkeys.yaml`.
    package var keys = KeySettings()
    /// `aliases.yaml`.
    package var aliases = AliasSettings()
    /// `views.yaml`.
    package var views: [ViewSettings] = []
    /// `jumps.yaml`.
    package var jumps = JumpSettings()
    /// `plugins.yaml` and `plugins/*.yaml`.
    package var plugins: [Plugin] = []
    /// `themes/*.theme`.
    package var themes: [ThemeFile] = []
    /// `saved-views.yaml`.
    var savedViews: [NamedView] = []
    /// What is wrong in them.
    package var problems: [SettingsProblem] = []

    /// The defaults.
    package init() {}

    /// The files at the top of the folder, in the order of the documentation.
    package static let fileNames = ["screen.yaml", "keys.yaml", "hotkeys.yaml", "aliases.yaml", "views.yaml", "saved-views.yaml", "jumps.yaml", "plugins.yaml"]
    /// More in one folder is not read.
    private static let maximumFiles = 200

    /// Reads the files of a folder; blocking. A folder or file that is not there says nothing.
    package static func load(_ directory: String) -> UserSettings {
        var settings = UserSettings()
        settings.read("\(directory)/screen.yaml") { $0.screen = ScreenSettings($1) }
        settings.read("\(directory)/keys.yaml") { $0.keys.readKeys($1) }
        settings.read("\(directory)/hotkeys.yaml") { $0.keys.readHotkeys($1) }
        settings.read("\(directory)/aliases.yaml") { $0.aliases.read($1) }
        settings.read("\(directory)/views.yaml") { $0.views = ViewSettings.read($1) }
        settings.read("\(directory)/saved-views.yaml") { $0.savedViews = NamedView.read($1) }
        settings.read("\(directory)/jumps.yaml") { $0.jumps.read($1) }
        settings.read("\(directory)/plugins.yaml") { $0.plugins += Plugin.read($1, fileName: "plugins") }
        for name in names(in: "\(directory)/plugins", suffix: ".yaml") {
            settings.read("\(directory)/plugins/\(name)") { $0.plugins += Plugin.read($1, fileName: String(name.dropLast(5))) }
        }
        for name in names(in: "\(directory)/themes", suffix: ".theme") { settings.readTheme("\(directory)/themes/\(name)", String(name.dropLast(6))) }
        return settings
    }

    private static func names(in folder: String, suffix: String) -> [String] {
        // best effort: no folder, no files.
        let names = (try? FileSystem.names(in: folder)) ?? []
        return names.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted().prefix(maximumFiles).map { $0 }
    }

    private mutating func read(_ path: String, _ body: (inout UserSettings, SettingsNode) -> Void) {
        guard let bytes = bytes(path) else { return }
        let file = SettingsFile(path: path, bytes: bytes)
        body(&self, file.root)
        problems += file.problems
    }

    private mutating func readTheme(_ path: String, _ name: String) {
        if let bytes = bytes(path) { themes.append(ThemeFile(name: name, path: path, text: String(decoding: bytes, as: UTF8.self))) }
    }

    /// A file's bytes; nil when it is not there, or after noting why it cannot be read.
    private mutating func bytes(_ path: String) -> [UInt8]? {
        do throws(SystemError) {
            // Not waiting: a pipe in the place of a file must not stop the screen.
            let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
            guard try file.status().st_mode & S_IFMT == S_IFREG else {
                problems.append(SettingsProblem(file: path, line: 0, message: "is not a file"))
                return nil
            }
            return try FileSystem.readAll(file, limit: SettingsFile.maximumBytes, named: path)
        } catch  where error.errno == ENOENT || error.errno == ENOTDIR {
            return nil
        } catch {
            let reason = error.errno == EFBIG ? "is larger than \(SettingsFile.maximumBytes >> 20) MiB" : "cannot be read: \(error)"
            problems.append(SettingsProblem(file: path, line: 0, message: reason))
            return nil
        }
    }
}
