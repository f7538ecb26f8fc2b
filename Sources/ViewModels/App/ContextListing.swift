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
    /// Lists the contexts that can be opened, also those that become known meanwhile.
    func pickContext(_ title: String, except shown: String? = nil, onPick: @escaping (String) -> Void) {
        cluster?.refreshContexts()
        let (names, problems) = (cluster?.contexts ?? [], cluster?.contextProblems ?? [])
        guard names.contains(where: { $0 != shown }) || !problems.isEmpty || cluster?.isListingContexts == true else {
            return toast("there is no other context", .dim)
        }
        pick(title, contextItems, onPick: onPick).source = { [weak self] in self?.contextItems ?? [] }
    }

    /// The contexts as items of a palette; below them each file that cannot be read, with the reason and what helps.
    private var contextItems: [PaletteItem] {
        let (names, problems) = (cluster?.contexts ?? [], cluster?.contextProblems ?? [])
        return names.map { PaletteItem(id: $0, title: $0) }
            + problems.enumerated().map { index, problem in
                PaletteItem(id: " problem \(index)", title: "a broken kubeconfig", disabledReason: "\(problem); mend the file and open this list again")
            }
    }
}
