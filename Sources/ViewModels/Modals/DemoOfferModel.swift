/// Offers something to look at on an empty cluster.
@MainActor package final class DemoOfferModel {
    /// What would be started.
    package let items: [(title: String, detail: String)]
    private let onAnswer: (Bool) -> Void
    /// 0 starts it, 1 does not.
    package var focused = 0
    /// An offer.
    package init(items: [(title: String, detail: String)], onAnswer: @escaping (Bool) -> Void) {
        self.items = items
        self.onAnswer = onAnswer
    }
    /// Answers it.
    package func answer(_ yes: Bool) { onAnswer(yes) }
}

/// What lies on top of everything; one at a time.
package enum Modal {
    /// A question.
    case dialog(DialogModel)
    /// What Apply would change.
    case diff(DiffModel)
    /// A list to pick from.
    case palette(PaletteModel)
    /// Keys and commands.
    case help(HelpModel)
    /// The demo.
    case demoOffer(DemoOfferModel)
    /// Texts that were never applied.
    case drafts(DraftsModel)
}
