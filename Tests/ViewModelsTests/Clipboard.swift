import LinuxKernel

@testable import ViewModels

/// A screen that only notes what is copied.
@MainActor final class Clipboard: ScreenHost {
    var copied: [String] = []
    func move(_ motion: Motion) {}
    func suspend() {}
    func redraw() {}
    func edit(_ path: String, holding lock: FileLock?) -> Int32? { nil }
    func runInForeground(_ command: PluginCommand, environment: [String: String]) -> String? { nil }
    func copy(_ text: String) { copied.append(text) }
}
