/// The built-in tour: ten steps on whatever the screen shows, best on the demo. Each waits until the user has done it.
@MainActor package final class TourModel {
    /// One step.
    package struct Step {
        /// What is learned.
        package let title: String
        /// What to do, around the key.
        package let text: String
        /// The command whose key does it.
        package let command: String
        /// What has to be different from when the step began.
        let isDone: @MainActor (AppModel, Moment) -> Bool
    }

    /// What a step begins with.
    struct Moment {
        let selected: String?
        let focus: PaneID
    }

    private unowned let app: AppModel
    private var moment: Moment
    /// The step that is shown, from 0.
    package private(set) var index: Int
    /// All steps.
    package let steps: [Step] = TourModel.all

    init(app: AppModel, from index: Int) {
        self.app = app
        self.index = min(index, Self.all.count - 1)
        moment = Self.moment(app)
    }

    /// The step that is shown.
    package var step: Step { steps[index] }

    /// Goes on when the step is done. Call it after keys were handled.
    func check() {
        guard step.isDone(app, moment) else { return }
        moment = Self.moment(app)
        guard index + 1 < steps.count else {
            app.tour = nil
            app.tourStep = 0
            return app.toast("that was the tour: ? lists all keys, : finds every command", .ok)
        }
        index += 1
        app.tourStep = index
        app.signal.touch()
    }

    private static func moment(_ app: AppModel) -> Moment { Moment(selected: app.list.selectedUID, focus: app.focus) }

    private static let all: [Step] = [
        Step(title: "Move", text: "moves the cursor down the list of pods", command: "move.down") { $0.list.selectedUID != $1.selected },
        Step(title: "Describe", text: "tells everything about the pod under the cursor", command: "objects.describe") { app, _ in app.detail != nil },
        Step(title: "Go back", text: "closes the innermost thing that is open", command: "app.back") { app, _ in app.detail == nil },
        Step(title: "Logs", text: "shows the pod's log; it follows while the cursor stays", command: "pods.logs") { app, _ in app.focus == .logs },
        Step(title: "Search", text: "searches; type a word from the log and press Enter", command: "view.filter") { app, _ in
            !app.logs.search.isEmpty && app.prompt == nil
        },
        Step(title: "Panes", text: "goes back to the pods; every pane has its number", command: "focus.pods") { app, _ in app.focus == .pods },
        Step(title: "Filter", text: "filters the list; type web and press Enter", command: "view.filter") { app, _ in
            !app.list.filter.isEmpty && app.prompt == nil
        },
        Step(title: "YAML", text: "shows the pod's YAML; e would let you type in it", command: "objects.yaml") { app, _ in app.focus == .yaml },
        Step(title: "Everything else", text: "finds any command; those that cannot run say why", command: "app.palette") { app, _ in
            if case .palette? = app.modal { true } else { false }
        },
        Step(title: "Help", text: "lists all keys (Esc closes the list first)", command: "app.help") { app, _ in
            if case .help? = app.modal { true } else { false }
        },
    ]
}

extension AppModel {
    /// Begins the tour, or goes on where it was left.
    func startTour() {
        guard tour == nil else { return }
        detail = nil
        if focus != .pods { focus = .pods }
        tour = TourModel(app: self, from: tourStep)
    }

    /// Leaves the tour; it goes on from the same step.
    func leaveTour() {
        guard let tour else { return }
        tourStep = tour.index
        self.tour = nil
        let key = commands["app.tour"]?.keys.first ?? ":"
        toast("the tour waits at step \(tourStep + 1): \(key) goes on with it", .dim)
    }

    /// Lets an open tour see what the keys have done.
    package func checkTour() { tour?.check() }
}
