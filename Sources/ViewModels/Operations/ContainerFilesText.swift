import KubeClient
import LinuxKernel

/// Files of containers in words.
enum ContainerFilesText {
    /// More of a file is not shown.
    static let maximumShown = 1 << 20
    private static let maximumLines = 20_000
    /// More of a file that is no text is not shown.
    private static let maximumDump = 16 << 10

    /// What lies in a directory, directories first; the value of each line is its path.
    static func list(_ listing: ContainerListing, at path: FilePath) -> DetailText {
        var text = DetailText()
        var facts = [CountText.of(listing.files.count, "file", isCut: listing.isCut)]
        if !listing.isRunning { facts.append("the container has ended: read only") }
        text.heading(path.description, [TextSpan("  \(facts.joined(separator: ", "))", listing.isRunning ? .dim : .warning)])
        if listing.isCut { text.line([TextSpan("Only the first \(ContainerListing.maximumEntries) are shown.", .warning)]) }
        var columns = TextColumns(["MODE", "OWNER", "SIZE", "MODIFIED", "NAME"])
        let files = sorted(listing.files)
        if path != .root { columns.add([TextSpan("", .dim), TextSpan(""), TextSpan(""), TextSpan(""), TextSpan("..", .accent)]) }
        for file in files {
            columns.add([
                TextSpan(file.modeText, .dim), TextSpan("\(file.owner):\(file.group)", .dim),
                TextSpan(file.kind == .file ? ByteText.short(file.size.value) : "", .dim), TextSpan(moment(file.modified), .dim), name(file),
            ])
        }
        let first = path == .root ? 0 : 1
        text.lineUp(columns) { index in
            DetailLink(value: index < first ? path.parent.description : path.appending(files[index - first].name).description)
        }
        return text
    }

    /// Directories first, each by name.
    static func sorted(_ files: [ContainerFile]) -> [ContainerFile] {
        files.map { (isFile: $0.kind == .directory ? 0 : 1, name: $0.name.description, file: $0) }.sorted { ($0.isFile, $0.name) < ($1.isFile, $1.name) }.map(
            \.file)
    }

    private static func name(_ file: ContainerFile) -> TextSpan {
        let name = file.name.description
        switch file.kind {
        case .directory: return TextSpan("\(name)/", .accent)
        case .link: return TextSpan("\(name) -> \(file.link?.description ?? "?")", .pending)
        case .pipe, .socket, .character, .block, .unknown: return TextSpan("\(name)  (\(word(file.kind)))", .warning)
        case .file: return TextSpan(name, file.mode & 0o111 != 0 ? .ok : .normal)
        }
    }

    private static func word(_ kind: ContainerFile.Kind) -> String { kind == .character || kind == .block ? "device" : kind.rawValue }

    /// A file's content: lines of text, or bytes where it is none.
    static func content(_ part: ContainerFilePart) -> DetailText {
        var text = DetailText()
        let size = part.file.size.value
        text.line([
            TextSpan(
                "\(part.file.modeText)  \(part.file.owner):\(part.file.group)  \(ByteText.short(max(size, Int64(part.bytes.count))))  \(moment(part.file.modified))",
                .dim)
        ])
        text.line([])
        if part.bytes.isEmpty {
            text.line([TextSpan("The file is empty.", .dim)])
            return text
        }
        let isText = !part.bytes.contains(0) && decoded(part.bytes, isCut: size > Int64(part.bytes.count)) != nil
        if isText, let content = decoded(part.bytes, isCut: size > Int64(part.bytes.count)) {
            let lines = content.split(separator: "\n", omittingEmptySubsequences: false)
            for line in lines.prefix(maximumLines) { text.line([TextSpan(String(line.replacing("\t", with: "    ").replacing("\r", with: "")))], indent: 0) }
            if lines.count > maximumLines { text.line([TextSpan("and \(lines.count - maximumLines) more lines", .warning)]) }
        } else {
            for start in stride(from: 0, to: min(part.bytes.count, maximumDump), by: 16) { text.line(dump(part.bytes, start), indent: 0) }
            if part.bytes.count > maximumDump { text.line([TextSpan("No text: only the first \(maximumDump >> 10) KiB are shown.", .warning)]) }
        }
        if size > Int64(part.bytes.count) {
            text.line([
                TextSpan("Only the first \(ByteText.short(Int64(part.bytes.count))) of \(ByteText.short(size)) were read; w copies all of it here.", .warning)
            ])
        }
        return text
    }

    /// Text, if it is UTF-8; a character that the end of what was read cuts off is left out.
    private static func decoded(_ bytes: [UInt8], isCut: Bool) -> String? {
        for cut in 0...(isCut ? min(3, bytes.count) : 0) {
            let rest = bytes.suffix(cut)
            guard rest.first.map({ (0xc2...0xf4).contains($0) }) ?? true, rest.dropFirst().allSatisfy({ $0 & 0xc0 == 0x80 }) else { continue }
            if let text = String(validating: bytes.dropLast(cut), as: UTF8.self) { return text }
        }
        return nil
    }

    private static func dump(_ bytes: [UInt8], _ start: Int) -> [TextSpan] {
        let line = bytes[start..<min(bytes.count, start + 16)]
        let digits = line.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
        let signs = String(line.map { (32...126).contains($0) ? Character(UnicodeScalar($0)) : "." })
        let offset = String(start, radix: 16)
        return [
            TextSpan(String(repeating: "0", count: 8 - offset.count) + offset, .dim),
            TextSpan("  \(digits)\(String(repeating: " ", count: 48 - digits.count))"), TextSpan(" \(signs)", .dim),
        ]
    }

    /// `2026-03-01 09:00`, in UTC.
    static func moment(_ time: Timestamp) -> String { String(time.rfc3339.prefix(16)).replacing("T", with: " ") }
}
