package import ViewModels

/// The themes that can be chosen: the built-in ones and the user's, which may take a built-in one's name.
package struct ThemeCatalog: Sendable {
    private var sources: [String: ThemeSource] = [:]
    /// What is wrong in the user's files; a theme that is wrong is not there.
    package private(set) var problems: [SettingsProblem] = []
    private var own: Set<String> = []
    /// A chain of themes that build on each other ends here.
    private static let maximumDepth = 8

    /// Parses the user's files.
    package init(_ files: [UserSettings.ThemeFile] = []) {
        for (name, _) in ThemeLibrary.embedded { sources[name] = ThemeLibrary.builtin(name) }
        own = Set(files.map(\.name))
        let byName = Dictionary(files.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var parsed: [String: ThemeSource] = [:]
        for file in files {
            do throws(ThemeError) {
                parsed[file.name] = try Self.parse(file, byName, depth: 0)
            } catch {
                problems.append(SettingsProblem(file: error.file, line: error.line, message: error.message))
            }
        }
        sources.merge(parsed) { _, new in new }
    }

    private static func parse(_ file: UserSettings.ThemeFile, _ files: [String: UserSettings.ThemeFile], depth: Int) throws(ThemeError) -> ThemeSource {
        var failure: ThemeError?
        let source = try ThemeParser.parse(file.text, file: file.path) { name in
            // What builds on its own name builds on the built-in theme of that name.
            guard name != file.name, let base = files[name] else { return ThemeLibrary.builtin(name) }
            guard depth < maximumDepth else { return nil }
            do throws(ThemeError) {
                return try parse(base, files, depth: depth + 1)
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
        return source
    }

    /// A theme by name, or by the path of its file. Throws why there is none.
    func source(_ name: String) throws(ThemeError) -> ThemeSource {
        if let known = sources[name] { return known }
        if name.contains("/") || name.hasSuffix(".theme") { return try ThemeLibrary.read(name) }
        let near = NearestName.question(name, in: names)
        throw ThemeError(
            file: name, line: 0, message: "there is no such theme\(near); there are \(names.joined(separator: ", ")), or give the path of a file")
    }

    /// The names, in the order of the picker: built-in ones first.
    package var names: [String] {
        let builtin = ThemeLibrary.embedded.map(\.name)
        return builtin + sources.keys.filter { !builtin.contains($0) }.sorted()
    }

    /// What the picker shows.
    package var summaries: [ThemeSummary] {
        names.compactMap { name in
            guard let source = sources[name] else { return nil }
            let ground =
                switch source.ground {
                case .dark: "for dark terminals"
                case .light: "for light terminals"
                case .any: "for any terminal"
                }
            let pair = source.ground == .dark ? source.pair.flatMap { sources[$0] == nil ? nil : $0 } : nil
            return ThemeSummary(name: name, title: source.name, detail: own.contains(name) ? "yours, \(ground)" : ground, pair: pair)
        }
    }
}
