import Glibc
import Testing

@testable import TerminalUI

/// A screen as text plus a style mask: one letter a cell, with a legend. `RECORD=1` rewrites the files under Tests/Goldens/TerminalUI.
@MainActor enum GoldenScreen {
    static func text(of surface: Surface) -> String {
        var legend: [Style: Character] = [:]
        var order: [Style] = []
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&*+")
        var rows = ""
        var mask = ""
        for y in 0..<surface.height {
            rows += "|\(surface.text(row: y))\n"
            mask += "|"
            for x in 0..<surface.width {
                let style = surface[x, y].style
                if legend[style] == nil {
                    legend[style] = letters[min(order.count, letters.count - 1)]
                    order.append(style)
                }
                mask.append(legend[style]!)
            }
            mask += "\n"
        }
        let cursor = surface.isCursorVisible ? "cursor \(surface.cursor.x),\(surface.cursor.y)\n" : "cursor hidden\n"
        return "\(surface.width)x\(surface.height)\n\(rows)\(cursor)styles\n\(mask)"
            + order.map { "\(legend[$0]!) \(describe($0))\n" }.joined()
    }

    static func check(_ surface: Surface, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let path = folder + "/\(name).screen"
        let actual = text(of: surface)
        if getenv("RECORD") != nil {
            guard let file = fopen(path, "w") else {
                Issue.record("cannot write \(path)", sourceLocation: sourceLocation)
                return
            }
            fputs(actual, file)
            fclose(file)
            return
        }
        guard let expected = read(path) else {
            Issue.record("no golden screen \(name); RECORD=1 writes it", sourceLocation: sourceLocation)
            return
        }
        #expect(actual == expected, "screen \(name) changed; RECORD=1 accepts it:\n\(actual)", sourceLocation: sourceLocation)
    }

    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The repository's folder, from where this file really is (build folders may link to it).
    static let root: String = {
        let resolved = realpath(#filePath, nil)
        defer { free(resolved) }
        let path = resolved.map { String(cString: $0) } ?? #filePath
        return path.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    }()
    private static let folder = root + "/Tests/Goldens/TerminalUI"

    private static func describe(_ style: Style) -> String {
        func name(_ color: Color) -> String {
            switch color.value {
            case .terminal: "default"
            case .index(let index): "\(index)"
            case .rgb(let red, let green, let blue): "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            }
        }
        let names: [(Attributes, String)] = [
            (.bold, "bold"), (.dim, "dim"), (.italic, "italic"), (.underline, "underline"), (.reverse, "reverse"), (.strike, "strike"),
        ]
        let attributes = names.filter { style.attributes.contains($0.0) }.map { " " + $0.1 }.joined()
        return "fg=\(name(style.foreground)) bg=\(name(style.background))\(attributes)"
    }
}
