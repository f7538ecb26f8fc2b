import APIMachinery
import ClusterOperations
import KubeClient

extension ClusterSession {
    func showUsers(_ binding: ObjectBinding, _ target: ObjectTarget) {
        keep(DetailModel(title: "Used by", binding: binding), UsedBy.readers(of: target.groupKind), namespace: target.namespace) { client throws(APIStatus) in
            UsedByText.text(try await UsedBy.read(target, client), context: binding.context)
        }
    }

    /// Asks who may do something; the selected object is what the question begins with.
    func askWhoCan(_ binding: ObjectBinding) {
        let place = binding.namespace.map { " -n \($0)" } ?? ""
        askWhoCan(binding, "delete \(resourceWord(binding)) \(binding.name)\(place)")
    }

    private func askWhoCan(_ binding: ObjectBinding, _ text: String) {
        askLine("who can VERB RESOURCE [NAME] [-n NAMESPACE]", text, check: Self.questionProblem) { [weak self] text in
            self?.question(text, binding) {
                self?.askWhoCan(binding, text)
            } then: { question in
                self?.keep(DetailModel(title: "Who can", binding: nil), AccessText.watched, namespace: nil) { client throws(APIStatus) in
                    AccessText.whoCan(question, await AccessMap.read(client), context: binding.context)
                }
            }
        }
    }

    /// Asks what somebody may do.
    func askCan(_ binding: ObjectBinding) {
        let check = { [weak self] (text: String) in self?.subjectProblem(text, binding) }
        askLine("what can u:USER g:GROUP s:NAMESPACE/ACCOUNT", subjectWord(binding), check: check) { [weak self] text in
            guard let self, let subject = subject(text, binding) else { return }
            keep(DetailModel(title: "Can", binding: nil), AccessText.watched, namespace: nil) { client throws(APIStatus) in
                AccessText.can(subject, await AccessMap.read(client), context: binding.context)
            }
        }
    }

    /// Lists everybody whom roles give something.
    package func showSubjects() {
        let context = app.context.name
        let model = DetailModel(title: "Users and groups", binding: nil)
        model.onOpen = { [weak self, weak model] id in
            guard let self, let word = model?.links[id]?.value else { return }
            // best effort: words of our own making are read as they were written.
            guard let subject = try? AccessSubject(parsing: word, namespace: "default") else { return }
            keep(DetailModel(title: "Can", binding: nil), AccessText.watched, namespace: nil) { client throws(APIStatus) in
                AccessText.can(subject, await AccessMap.read(client), context: context)
            }
        }
        keep(model, AccessText.watched, namespace: nil) { client throws(APIStatus) in
            AccessText.subjects(await AccessMap.read(client), context: context)
        }
        model.isReading = false
    }

    /// Asks why somebody may not do something.
    func askWhyDenied(_ binding: ObjectBinding) {
        let place = binding.namespace.map { " -n \($0)" } ?? ""
        let begin = "\(subjectWord(binding)) get \(binding.builtinKind == "ServiceAccount" ? "pods" : resourceWord(binding))\(place)"
        askWhyDenied(binding, begin)
    }

    private func askWhyDenied(_ binding: ObjectBinding, _ begin: String) {
        let parts = { (text: String) in
            let words = text.split(separator: " ", maxSplits: 1).map(String.init)
            return (subject: words.first ?? "", question: words.count > 1 ? words[1] : "")
        }
        let check = { [weak self] (text: String) in self?.subjectProblem(parts(text).subject, binding) ?? Self.questionProblem(parts(text).question) }
        askLine("may SUBJECT VERB RESOURCE [NAME] [-n NAMESPACE]", begin, check: check) { [weak self] text in
            guard let self, let subject = subject(parts(text).subject, binding) else { return }
            question(parts(text).question, binding) {
                self.askWhyDenied(binding, text)
            } then: { question in
                self.keep(DetailModel(title: "Why denied", binding: nil), AccessText.watched, namespace: nil) { client throws(APIStatus) in
                    AccessText.why(subject, question, await AccessMap.read(client), context: binding.context)
                }
            }
        }
    }

    private func subject(_ text: String, _ binding: ObjectBinding) -> AccessSubject? {
        // best effort: the line was checked before.
        try? AccessSubject(parsing: text, namespace: binding.namespace ?? app.namespace ?? "default")
    }

    private func subjectProblem(_ text: String, _ binding: ObjectBinding) -> String? {
        let namespace = binding.namespace ?? app.namespace ?? "default"
        return Self.problem { () throws(APIStatus) in _ = try AccessSubject(parsing: text, namespace: namespace) }
    }

    private static func questionProblem(_ text: String) -> String? { problem { () throws(APIStatus) in try AccessQuestion.check(text) } }

    /// Goes on with what a line asks; `again` asks for another line where the server has no such resource.
    private func question(
        _ text: String, _ binding: ObjectBinding, again: @escaping @MainActor () -> Void, then: @escaping @MainActor (AccessQuestion) -> Void
    ) {
        let namespace = binding.namespace ?? app.namespace
        inquire { client throws(APIStatus) in
            let kinds = try await ServedKinds.read(client)
            return Result { () throws(APIStatus) in try AccessQuestion(parsing: text, kinds, namespace: namespace) }
        } then: { [weak self] in
            switch $0 {
            case .success(let question): then(question)
            case .failure(let status):
                self?.app.toast(status.message, .warning)
                again()
            }
        }
    }

    /// The resource as a question names it: `deployments.apps`.
    private func resourceWord(_ binding: ObjectBinding) -> String {
        guard let resource = binding.target?.resource else { return binding.kind.lowercased() }
        return resource.group.isEmpty ? resource.resource : "\(resource.resource).\(resource.group)"
    }

    private func subjectWord(_ binding: ObjectBinding) -> String {
        binding.builtinKind == "ServiceAccount" ? "s:\(binding.namespace ?? "")/\(binding.name)" : "s:\(binding.namespace ?? "default")/default"
    }
}
