internal import Glibc
internal import LinuxKernel

/// Finds what a dynamic program needs without running it or `ldd`, by the dynamic loader's own rules (ld.so(8)).
struct LibraryResolver {
    /// A file of the host and where it goes in the image.
    struct Item: Hashable {
        let source: String
        let target: String
    }

    private let configured: [String]

    init() {
        configured = Self.directories(in: "/etc/ld.so.conf", depth: 0)
    }

    /// The program's interpreter and all libraries, directly or through others needed; empty for a static program.
    func libraries(of program: String) throws(ImageError) -> [Item] {
        guard let elf = try Self.read(program) else {
            throw ImageError(.unsupported, "\(program) is not a 64-bit program (a script? import its interpreter instead)")
        }
        guard let interpreter = elf.interpreter else { return [] }
        guard FileSystem.exists(interpreter) else {
            throw ImageError(.notFound, "\(program) wants the loader \(interpreter), which is missing")
        }
        var items = [Item(source: interpreter, target: interpreter)]
        var found: Set<String> = [FileSystem.name(of: interpreter)]
        var pending: [(name: String, by: String, elf: ELFFile)] = elf.needed.map { ($0, program, elf) }
        while let (name, requester, owner) = pending.popLast() {
            if !found.insert(name).inserted { continue }
            guard found.count <= 1000 else { throw ImageError(.tooLarge, "\(program) needs more than 1000 libraries") }
            guard let (path, library) = try locate(name, requester, owner, program: elf) else {
                throw ImageError(.notFound, "\(program) needs \(name) (asked for by \(requester)), which is in none of the library folders")
            }
            items.append(Item(source: path, target: Self.target(path)))
            pending += library.needed.map { ($0, path, library) }
        }
        return items
    }

    private func locate(_ name: String, _ requester: String, _ owner: ELFFile, program: ELFFile) throws(ImageError) -> (String, ELFFile)? {
        if name.contains("/") { return try Self.read(name).map { (name, $0) } }
        let own = owner.runPath.isEmpty ? owner.rPath + program.rPath : owner.runPath
        let origin = FileSystem.directory(of: requester)
        let expanded = own.map { Self.expand($0, origin: origin) }
        for folder in expanded + configured + Self.standard {
            let path = "\(folder)/\(name)"
            guard FileSystem.exists(path), let library = try Self.read(path), library.machine == program.machine else { continue }
            return (path, library)
        }
        return nil
    }

    /// Where loaders look without any configuration, on Debian, Fedora and Arch alike.
    private static var standard: [String] {
        let triple = SystemFacts.machine == "aarch64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu"
        return ["/lib/\(triple)", "/usr/lib/\(triple)", "/lib64", "/usr/lib64", "/lib", "/usr/lib"]
    }

    /// The image has no loader cache, so a library from a configured folder goes where every loader looks.
    private static func target(_ path: String) -> String {
        let folder = FileSystem.directory(of: path)
        return standard.contains(folder) ? path : "\(standard[0])/\(FileSystem.name(of: path))"
    }

    private static func expand(_ path: String, origin: String) -> String {
        for form in ["${ORIGIN}", "$ORIGIN"] where path.hasPrefix(form) { return origin + path.dropFirst(form.count) }
        return path
    }

    private static func read(_ path: String) throws(ImageError) -> ELFFile? {
        let file = try explaining("read \(path)") { () throws(SystemError) in try FileDescriptor.open(path, O_RDONLY) }
        return ELFFile { offset, count in
            guard offset < UInt64(Int64.max) else { return [] }
            return [UInt8](unsafeUninitializedCapacity: count) { buffer, got in
                let room = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
                got = (try? file.read(into: room, at: Int64(offset))) ?? 0  // best effort: an unreadable file is no program
            }
        }
    }

    private static func directories(in path: String, depth: Int) -> [String] {
        guard depth < 4, let text = try? FileSystem.readText(path) else { return [] }  // best effort: the file is optional
        var folders: [String] = []
        for line in text.split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            if words.count == 2, words[0] == "include" {
                // Only the form distributions use: every .conf file of a folder.
                let folder = FileSystem.directory(of: words[1])
                let names = (try? FileSystem.names(in: folder)) ?? []  // best effort: the folder is optional
                for name in names where name.hasSuffix(".conf") { folders += directories(in: "\(folder)/\(name)", depth: depth + 1) }
            } else if let folder = words.first, folder.hasPrefix("/") {
                folders.append(folder)
            }
        }
        return folders
    }
}
