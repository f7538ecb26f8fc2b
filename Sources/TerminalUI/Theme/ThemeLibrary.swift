import CNcurses
import Glibc

/// The themes inside the program: every file of `themes/`, embedded when CNcurses is compiled.
package enum ThemeLibrary {
    /// Name (of the file, without `.theme`) and text of each, `dark` first.
    static let embedded: [(name: String, text: String)] = [
        ("dark", text(kd_theme_dark(), kd_theme_dark_size())), ("sixteen", text(kd_theme_sixteen(), kd_theme_sixteen_size())),
    ]

    /// A built-in theme by name; nil when there is none. The embedded files are checked by a test, so that parsing them cannot fail here.
    static func builtin(_ name: String) -> ThemeSource? {
        guard let entry = embedded.first(where: { $0.name == name }) else { return nil }
        do throws(ThemeError) {
            return try ThemeParser.parse(entry.text, file: "\(name).theme") { $0 == name ? nil : builtin($0) }
        } catch {
            preconditionFailure("a built-in theme is valid: \(error)")
        }
    }

    /// The theme to use without a choice: 24-bit and 256-colour terminals get `dark`, others `sixteen`.
    package static func standard(depth: ColorDepth) -> Theme {
        let source = builtin(depth == .truecolor || depth == .indexed ? "dark" : "sixteen")
        return Theme(source ?? ThemeSource(name: "plain", rules: [:]), depth: depth)
    }

    /// A built-in theme by name, or a theme file by path. Throws what is wrong with it, with the line.
    static func load(_ name: String) throws(ThemeError) -> ThemeSource {
        if let known = builtin(name) { return known }
        guard name.contains("/") || name.hasSuffix(".theme") else {
            throw ThemeError(
                file: name, line: 0,
                message: "there is no such theme; built in are \(embedded.map(\.name).joined(separator: ", ")), or give the path of a file")
        }
        guard let file = fopen(name, "r") else {
            throw ThemeError(file: name, line: 0, message: "cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        let count = fread(&bytes, 1, bytes.count, file)
        guard count < bytes.count else { throw ThemeError(file: name, line: 0, message: "is larger than 256 KiB") }
        return try ThemeParser.parse(String(decoding: bytes[..<count], as: UTF8.self), file: name) { builtin($0) }
    }

    private static func text(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> String {
        String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }
}
