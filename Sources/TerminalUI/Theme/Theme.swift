/// A look: a style for every scope, already in colours the terminal can show.
package struct Theme: Sendable {
    let name: String
    let depth: ColorDepth
    private let styles: [Style]

    /// Resolves a parsed theme for one colour depth.
    init(_ source: ThemeSource, depth: ColorDepth) {
        name = source.name
        self.depth = depth
        styles = Scope.allCases.map { source.style($0, depth: depth) }
    }

    subscript(scope: Scope) -> Style { styles[Self.indices[scope] ?? 0] }

    private static let indices: [Scope: Int] = Dictionary(uniqueKeysWithValues: Scope.allCases.enumerated().map { ($1, $0) })
}
