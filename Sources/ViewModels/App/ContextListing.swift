/// The contexts of the user's kubeconfig files.
package struct ContextListing: Sendable, Hashable {
    /// Their names.
    package var names: [String]
    /// What is wrong with files that cannot be read, a sentence each, with the file and the line.
    package var problems: [String]

    /// A listing.
    package init(names: [String] = [], problems: [String] = []) {
        self.names = names
        self.problems = problems
    }
}

extension AppModel {
    /// The contexts that can be opened as items of a palette; below them each file that cannot be read, with the reason and what helps. Nil, and
    /// said why, when there is neither.
    func contextItems(except shown: String? = nil) -> [PaletteItem]? {
        cluster?.refreshContexts()
        let names = cluster?.contexts ?? []
        let problems = cluster?.contextProblems ?? []
        guard names.contains(where: { $0 != shown }) || !problems.isEmpty else {
            toast("there is no other context", .dim)
            return nil
        }
        return names.map { PaletteItem(id: $0, title: $0) }
            + problems.enumerated().map { index, problem in
                PaletteItem(id: " problem \(index)", title: "a broken kubeconfig", disabledReason: "\(problem); mend the file and open this list again")
            }
    }
}
