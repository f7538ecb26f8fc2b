extension CommandTable {
    static let time: [Command] = [
        Command(
            "yaml.whatIf", "What if it is applied: admission, pods, scheduling, rights", section: "YAML", keys: ["W"], scope: .pane(.yaml),
            availability: { app in
                if case .disabled(let reason) = whenConnected(app) { return .disabled(reason) }
                return app.editor.target == nil ? .disabled("there is nothing to apply") : .enabled
            },
            run: { $0.time?.showWhatIf() }),
        Command(
            "examine.reach", "Can this pod reach a service or pod", section: "Pod", keys: ["x n"], scope: .browse,
            subject: { $0.selectedPodBinding?.name },
            availability: { app in
                if case .disabled(let reason) = whenConnected(app) { return .disabled(reason) }
                return whenPod(app)
            },
            run: { app in if let binding = app.selectedPodBinding { app.time?.askReach(binding, "svc/") } }),
        Command(
            "history.past", "Time travel: this table as it was", section: "History", keys: ["H t"], scope: .browse,
            availability: whenRemembered
        ) { $0.time?.openPast() },
        Command(
            "history.revisions", "Every version of this object that is kept", section: "History", keys: ["H r"], scope: .browse,
            subject: { $0.selectedBinding?.name },
            availability: { app in
                if case .disabled(let reason) = whenRemembered(app) { return .disabled(reason) }
                return app.selectedBinding == nil ? .disabled("no object is selected") : .enabled
            },
            run: { app in if let binding = app.selectedBinding { app.time?.openRevisions(binding) } }),
        Command(
            "history.written", "Everything anybody wrote to this kind, to be taken back", section: "History", keys: ["H a"], scope: .browse,
            availability: whenRemembered
        ) { $0.time?.openWritten() },
        Command(
            "revision.restore", "Make the object as it was here", section: "History", keys: ["B"], scope: .detail, isListed: false,
            availability: { app in
                if let refusal = app.refusal { return .disabled(refusal) }
                return app.time?.versionAvailability ?? .disabled("no cluster is connected")
            },
            run: { $0.time?.putBack() }),
        Command(
            "revision.mark", "Compare others with this version", section: "History", keys: ["m"], scope: .detail, isListed: false,
            availability: { $0.time?.versionAvailability ?? .disabled("no cluster is connected") }, run: { $0.time?.markVersion() }),
        Command(
            "past.older", "To the change before", section: "History", keys: ["["], scope: .detail, isListed: false,
            availability: whenPast, run: { $0.time?.movePast(byChanges: -1) }),
        Command(
            "past.newer", "To the change after", section: "History", keys: ["]"], scope: .detail, isListed: false,
            availability: whenPast, run: { $0.time?.movePast(byChanges: 1) }),
        Command(
            "past.minuteBack", "A minute back", section: "History", keys: ["<"], scope: .detail, isListed: false,
            availability: whenPast, run: { $0.time?.movePast(by: .seconds(-60)) }),
        Command(
            "past.minuteOn", "A minute on", section: "History", keys: [">"], scope: .detail, isListed: false,
            availability: whenPast, run: { $0.time?.movePast(by: .seconds(60)) }),
        Command(
            "past.hourBack", "An hour back", section: "History", keys: ["{"], scope: .detail, isListed: false,
            availability: whenPast, run: { $0.time?.movePast(by: .seconds(-3600)) }),
        Command(
            "past.hourOn", "An hour on", section: "History", keys: ["}"], scope: .detail, isListed: false,
            availability: whenPast, run: { $0.time?.movePast(by: .seconds(3600)) }),
        Command(
            "past.moment", "To a moment", section: "History", keys: ["M"], scope: .detail, isListed: false,
            availability: whenPast, run: { $0.time?.askPastMoment() }),
    ]

    /// Only where the cluster itself keeps what objects were.
    private static func whenRemembered(_ app: AppModel) -> Availability {
        if case .disabled(let reason) = whenConnected(app) { return .disabled(reason) }
        return app.context.isEmbedded
            ? .enabled : .disabled("only kdash's own cluster keeps what objects were; H u has what was changed from here")
    }

    private static func whenPast(_ app: AppModel) -> Availability {
        app.detail?.kind == .past ? .enabled : .disabled("that is for a table of the past")
    }
}
