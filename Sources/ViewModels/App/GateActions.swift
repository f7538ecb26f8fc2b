/// What opens and closes a context that kdash did not create.
@MainActor package protocol GateActions: AnyObject {
    /// Asks for the context's name, and lets changes pass for a while. `title` is what could not run; nil when the unlock itself was wanted.
    func askUnlock(for title: String?)
    /// Lets no changes pass any more.
    func lockContext()
}

extension AppModel {
    /// Why nothing can be changed here, and with which key that is lifted; nil when it can.
    package var refusal: String? {
        guard let refusal = context.refusal else { return nil }
        return unlockKey.map { "\(refusal); \($0) unlocks it" } ?? refusal
    }

    /// The key that unlocks the context; nil where nothing does.
    var unlockKey: String? {
        guard context.canUnlock, gatekeeper != nil else { return nil }
        return keyText("app.unlock")
    }

    /// Says why a command cannot run now; where only the context is in the way, asks whether to unlock it.
    package func refuse(_ title: String, _ reason: String) {
        if unlockKey != nil, reason == refusal, let gatekeeper { return gatekeeper.askUnlock(for: title) }
        toast("\(title): \(reason)", .warning)
    }
}
