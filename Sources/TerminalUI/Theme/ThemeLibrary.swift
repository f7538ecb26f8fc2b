import CNcurses
import Glibc

/// The themes inside the program: every file of `themes/`, embedded when CNcurses is compiled.
package enum ThemeLibrary {
    /// Name (of the file, without `.theme`) and text of each, `dark` first.
    package static let embedded: [(name: String, text: String)] = (0..<kd_theme_count()).map { index in
        let theme = kd_theme(index)
        let bytes = UnsafeBufferPointer(start: theme.text, count: theme.size)
        return (String(cString: theme.name), String(decoding: bytes, as: UTF8.self))
    }

    /// A built-in theme by name; nil when there is none. The embedded files are checked by a test, so that parsing them cannot fail here.
    static func builtin(_ name: String) -> ThemeSource? {
        guard let entry = embedded.first(where: { $0.name == name }) else { return nil }
        do throws(ThemeError) {
            return try ThemeParser.parse(entry.text, file: "\(name).theme") { $0 == name ? nil : builtin($0) }
        } catch {
            preconditionFailure("a built-in theme is valid: \(error)")
        }
    }

    /// The name of the theme to use without a choice: 24-bit and 256-colour terminals get the pair `dark` and `light`, others the user's own colours.
    static func standardName(depth: ColorDepth, isLight: Bool = false) -> String {
        depth == .sixteen ? "sixteen" : isLight && depth != .mono ? "light" : depth == .mono ? "sixteen" : "dark"
    }

    /// The theme to use without a choice.
    package static func standard(depth: ColorDepth) -> Theme {
        Theme(builtin(standardName(depth: depth)) ?? ThemeSource(name: "plain", rules: [:]), depth: depth)
    }

    /// A theme file by path. Throws what is wrong with it, with the line.
    static func read(_ path: String) throws(ThemeError) -> ThemeSource {
        // Not waiting: a pipe in the place of a file must not stop the screen.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0, let file = fdopen(descriptor, "r") else {
            throw ThemeError(file: path, line: 0, message: "cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        let count = fread(&bytes, 1, bytes.count, file)
        guard count < bytes.count else { throw ThemeError(file: path, line: 0, message: "is larger than 256 KiB") }
        return try ThemeParser.parse(String(decoding: bytes[..<count], as: UTF8.self), file: path) { builtin($0) }
    }
}
