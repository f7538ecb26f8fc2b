import APIMachinery
import ClusterOperations
import KubeClient
import LinuxKernel

/// One thing done to many objects.
extension ClusterSession {
    private static let timeBetweenTexts = Duration.milliseconds(200)

    /// Does it to one object after the other, and shows what became of each; of one object alone it only says so. Closing the text does not stop it.
    func operate(
        _ title: String, on targets: [ObjectTarget], _ work: @escaping @Sendable (ObjectTarget, KubeClient) async throws(APIStatus) -> String
    ) {
        guard targets.count != 1 else { return operate { client throws(APIStatus) in try await work(targets[0], client) } }
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        guard !targets.isEmpty else { return }
        let context = app.context.name
        let model = DetailModel(title: title, kind: .results, binding: nil)
        let run = BulkRun(BulkOutcomes(targets))
        let tell = { [weak self] in
            model.show(run.outcomes.text(context: context))
            self?.app.signal.touch()
        }
        tell()
        let ticks = tasks.add { [time] in
            // A line for each object is made: not for each object anew.
            while !run.isOver {
                do { try await time.sleep(for: Self.timeBetweenTexts) } catch { return }
                if run.isChanged, !run.isOver { tell() }
                run.isChanged = false
            }
        }
        show(model)
        model.hints = [("detail.open", "open"), ("detail.stop", "stop"), ("detail.save", "save")]
        // What was sent is waited for: nobody would know otherwise what became of it.
        model.onStop = { run.isStopped = true }
        tasks.add { [weak self] in
            for index in targets.indices {
                guard !run.isStopped, !Task.isCancelled else { break }
                run.outcomes[index] = .going
                run.isChanged = true
                do throws(APIStatus) {
                    run.outcomes[index] = .done(try await work(targets[index], client))
                } catch {
                    run.outcomes[index] = .refused(error.message)
                }
                run.isChanged = true
            }
            run.isOver = true
            self?.tasks.cancelWork(ticks)
            run.outcomes.leaveRest()
            model.onStop = nil
            tell()
            guard let self, app.detail?.covers(model) != true else { return }
            app.toast("\(title): \(run.outcomes.summary)", run.outcomes.refusedCount == 0 ? .ok : .error)
        }
    }

    /// Asks before something is done to many objects; more than a few want it typed.
    private func askMany(_ title: String, _ note: String, _ bindings: [ObjectBinding], verb: String, isHarmful: Bool, onYes: @escaping @MainActor () -> Void) {
        let typed = isHarmful && bindings.count > DeletionPlan.manyObjects ? "\(verb.lowercased()) \(bindings.count)" : nil
        ask(title, [[TextSpan(note, isHarmful ? .warning : .dim)]], bindings, verb: verb, isDestructive: true, typedName: typed, onYes: onYes)
    }

    // MARK: - Scale

    func askScaleMany(_ bindings: [ObjectBinding], _ targets: [ObjectTarget]) {
        inquire { client throws(APIStatus) in
            var wanted: [Int64] = []
            for target in targets { wanted.append(try await Scaling.wanted(target, client)) }
            return wanted
        } then: { [weak self] wanted in
            let (least, most) = (wanted.min() ?? 0, wanted.max() ?? 0)
            let now = least == most ? "each now \(least)" : "now \(least) to \(most)"
            self?.askLine("replicas of each of \(targets.count), \(now)", least == most ? "\(least)" : "", check: Self.replicasProblem) { text in
                self?.scaleMany(bindings, targets, most: most, text)
            }
        }
    }

    private func scaleMany(_ bindings: [ObjectBinding], _ targets: [ObjectTarget], most: Int64, _ text: String) {
        guard let replicas = Int64(text) else { return }
        let isHarmful = Scaling.isGreat(from: most, to: replicas)
        let note = replicas == 0 ? "All their pods end; nothing answers for them then." : "Each gets \(replicas) replicas."
        askMany("Scale these \(targets.count) to \(replicas)?", note, bindings, verb: "Scale", isHarmful: isHarmful) { [weak self] in
            self?.operate("Scale to \(replicas)", on: targets) { target, client throws(APIStatus) in
                try await Scaling.scale(target, to: replicas, client)
            }
        }
    }

    // MARK: - Images

    func askImageMany(_ bindings: [ObjectBinding], _ targets: [ObjectTarget]) {
        inquire { client throws(APIStatus) in
            var images: [[PodTemplate.ContainerImage]] = []
            for target in targets { images.append(PodTemplate.images(try await target.read(client), target.groupKind)) }
            return images
        } then: { [weak self] images in
            guard let self else { return }
            var names: [String] = []
            for image in images.joined() where !names.contains(image.name) { names.append(image.name) }
            let items = names.map { name in
                let found = images.compactMap { $0.first { $0.name == name }?.image }
                return PaletteItem(id: name, title: name, detail: "in \(found.count) of \(targets.count)  \(Set(found).sorted().joined(separator: ", "))")
            }
            guard !items.isEmpty else { return app.toast("none of them has a container", .warning) }
            app.pick("Image of which container?", items) { name in
                let having = targets.indices.filter { index in images[index].contains { $0.name == name } }
                let found = Set(having.compactMap { index in images[index].first { $0.name == name }?.image })
                self.askLine("image of \(name) in \(having.count)", found.count == 1 ? found.first ?? "" : "", check: Self.imageProblem) { image in
                    self.setImage(name, image, having.map { bindings[$0] }, having.map { targets[$0] })
                }
            }
        }
    }

    private func setImage(_ container: String, _ image: String, _ bindings: [ObjectBinding], _ targets: [ObjectTarget]) {
        askMany(
            "Set the image of \(container) in \(targets.count)?", "It becomes \(image); their pods are replaced.", bindings, verb: "Set", isHarmful: false
        ) { [weak self] in
            self?.operate("Image of \(container): \(image)", on: targets) { target, client throws(APIStatus) in
                try await Rollouts.setImage(target, container: container, to: image, client)
            }
        }
    }

    // MARK: - Labels and annotations

    func askMarksMany(_ bindings: [ObjectBinding], _ targets: [ObjectTarget], _ map: ObjectMarks.Map) {
        let word = map == .labels ? "label" : "annotation"
        let check = { (text: String) in text.isEmpty ? nil : Self.marksProblem(text) }
        askLine("\(word) of \(targets.count), key=value sets, key- removes", "", check: check) { [weak self] typed in
            guard let self, !typed.isEmpty else { return }
            let note = map == .labels ? "Selectors of Services, policies and workloads may match others then." : "Each gets the same."
            askMany("Change the \(word) of these \(targets.count)?", note, bindings, verb: "Change", isHarmful: false) { [weak self] in
                self?.operate("\(word.capitalizedFirst) \(typed)", on: targets) { target, client throws(APIStatus) in
                    try await ObjectMarks.change(target, map, nil, typed, client)
                }
            }
        }
    }
}

/// Work on many objects that is going on.
@MainActor private final class BulkRun {
    var outcomes: BulkOutcomes
    /// No other object has its turn.
    var isStopped = false
    /// All had their turn, or never have it.
    var isOver = false
    /// The text does not show it yet.
    var isChanged = false

    init(_ outcomes: BulkOutcomes) { self.outcomes = outcomes }
}
