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
        let text = "delete \(resourceWord(binding)) \(binding.name)\(place)"
        askLine("who can VERB RESOURCE [NAME] [-n NAMESPACE]", text) { [weak self] text in
            self?.question(text, binding) { question in
                self?.keep(DetailModel(title: "Who can", binding: nil), AccessText.watched, namespace: nil) { client throws(APIStatus) in
                    AccessText.whoCan(question, await AccessMap.read(client), context: binding.context)
                }
            }
        }
    }

    /// Asks what somebody may do.
    func askCan(_ binding: ObjectBinding) {
        askLine("what can u:USER g:GROUP s:NAMESPACE/ACCOUNT", subjectWord(binding)) { [weak self] text in
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
        askLine("may SUBJECT VERB RESOURCE [NAME] [-n NAMESPACE]", begin) { [weak self] text in
            let words = text.split(separator: " ", maxSplits: 1).map(String.init)
            guard let self, let subject = subject(words.first ?? "", binding) else { return }
            question(words.count > 1 ? words[1] : "", binding) { question in
                self.keep(DetailModel(title: "Why denied", binding: nil), AccessText.watched, namespace: nil) { client throws(APIStatus) in
                    AccessText.why(subject, question, await AccessMap.read(client), context: binding.context)
                }
            }
        }
    }

    private func subject(_ text: String, _ binding: ObjectBinding) -> AccessSubject? {
        do throws(APIStatus) {
            return try AccessSubject(parsing: text, namespace: binding.namespace ?? app.namespace ?? "default")
        } catch {
            app.toast(error.message, .warning)
            return nil
        }
    }

    private func question(_ text: String, _ binding: ObjectBinding, then: @escaping @MainActor (AccessQuestion) -> Void) {
        let namespace = binding.namespace ?? app.namespace
        inquire { client throws(APIStatus) in
            try AccessQuestion(parsing: text, try await ServedKinds.read(client), namespace: namespace)
        } then: {
            then($0)
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
