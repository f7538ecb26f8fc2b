/// Rewrites the links in a page while it passes. A value without I/O that holds no more than one tag.
/// Source: apimachinery `pkg/util/proxy/transport.go` rewriteHTML.
struct HTMLLinkRewriter: Sendable {
    /// A tag longer than this passes as it is.
    static let longestTag = 64 << 10

    /// The attributes that hold a link, by element.
    private static let attributes: [String: Set<String>] = [
        "a": ["href"], "applet": ["codebase"], "area": ["href"], "audio": ["src"], "base": ["href"], "blockquote": ["cite"],
        "body": ["background"], "button": ["formaction"], "command": ["icon"], "del": ["cite"], "embed": ["src"], "form": ["action"],
        "frame": ["longdesc", "src"], "head": ["profile"], "html": ["manifest"], "iframe": ["longdesc", "src"],
        "img": ["longdesc", "src", "usemap"], "input": ["src", "usemap", "formaction"], "ins": ["cite"], "link": ["href"],
        "object": ["classid", "codebase", "data", "usemap"], "q": ["cite"], "script": ["src"], "source": ["src"], "track": ["src"],
        "video": ["poster", "src"],
    ]

    private enum State {
        case text
        case tag
        /// Up to `-->`.
        case comment
        /// Up to the end tag of this element, whose content is no markup.
        case raw(String)
    }

    private let links: ProxyLinks
    private var state: State = .text
    /// A tag that is not passed on yet.
    private var held: [UInt8] = []
    /// The last bytes of a comment or of raw text, to see its end.
    private var recent: [UInt8] = []
    private var quote: UInt8?

    init(_ links: ProxyLinks) { self.links = links }

    /// What may be passed on after `bytes`.
    mutating func rewrite(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count + 64)
        for byte in bytes { take(byte, &out) }
        return out
    }

    /// The rest at the end of the page.
    mutating func finish() -> [UInt8] {
        defer { held = [] }
        return held
    }

    private mutating func take(_ byte: UInt8, _ out: inout [UInt8]) {
        switch state {
        case .text:
            guard byte == UInt8(ascii: "<") else { return out.append(byte) }
            held = [byte]
            quote = nil
            state = .tag
        case .tag:
            held.append(byte)
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"), held.last(where: { $0 > 32 && $0 != byte }) == UInt8(ascii: "=") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return endTag(&out)
            }
            if held.count == 4, held.elementsEqual("<!--".utf8) {
                state = .comment
                flush(&out)
            } else if held.count == 2, !Self.startsTag(byte) {
                state = .text
                flush(&out)
            } else if held.count > Self.longestTag {
                state = .text
                flush(&out)
            }
        case .comment:
            out.append(byte)
            recent = Array((recent + [byte]).suffix(3))
            if recent.elementsEqual("-->".utf8) { leave() }
        case .raw(let element):
            out.append(byte)
            let length = element.utf8.count + 2
            recent = Array((recent + [byte]).suffix(length))
            if recent.count == length, String(decoding: recent, as: UTF8.self).lowercased() == "</\(element)" { leave() }
        }
    }

    private mutating func leave() {
        state = .text
        recent = []
    }

    private mutating func flush(_ out: inout [UInt8]) {
        out += held
        held = []
    }

    private static func startsTag(_ byte: UInt8) -> Bool {
        byte | 0x20 >= 97 && byte | 0x20 <= 122 || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "!") || byte == UInt8(ascii: "?")
    }

    private mutating func endTag(_ out: inout [UInt8]) {
        let name = String(
            decoding: held.dropFirst().prefix { $0 > 32 && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "/") }, as: UTF8.self
        ).lowercased()
        out += Self.attributes[name].map { rewriteTag($0, nameLength: name.utf8.count) } ?? held
        held = []
        state = ["script", "style", "textarea", "title"].contains(name) ? .raw(name) : .text
    }

    /// The tag with its link attributes rewritten.
    private func rewriteTag(_ wanted: Set<String>, nameLength: Int) -> [UInt8] {
        var out = Array(held.prefix(1 + nameLength))
        var index = out.count
        func isSpace(_ byte: UInt8) -> Bool { byte <= 32 }
        while index < held.count {
            let start = index
            while index < held.count, isSpace(held[index]) || held[index] == UInt8(ascii: "/") || held[index] == UInt8(ascii: ">") { index += 1 }
            let nameStart = index
            while index < held.count, !isSpace(held[index]), held[index] != UInt8(ascii: "="), held[index] != UInt8(ascii: ">") { index += 1 }
            let name = String(decoding: held[nameStart..<index], as: UTF8.self).lowercased()
            while index < held.count, isSpace(held[index]) { index += 1 }
            guard index < held.count, held[index] == UInt8(ascii: "=") else {
                if index == start { index += 1 }
                out += held[start..<index]
                continue
            }
            index += 1
            while index < held.count, isSpace(held[index]) { index += 1 }
            out += held[start..<index]
            guard index < held.count else { break }
            let open = held[index]
            let isQuoted = open == UInt8(ascii: "\"") || open == UInt8(ascii: "'")
            if isQuoted { index += 1 }
            let valueStart = index
            while index < held.count, isQuoted ? held[index] != open : !isSpace(held[index]) && held[index] != UInt8(ascii: ">") { index += 1 }
            let value = held[valueStart..<index]
            if isQuoted { out.append(open) }
            out += wanted.contains(name) ? Array(links.rewritten(String(decoding: value, as: UTF8.self)).utf8) : Array(value)
            if isQuoted, index < held.count {
                out.append(open)
                index += 1
            }
        }
        return out
    }
}
