import APIMachinery
import ClusterOperations
import KubeClient
import KubeSchemas

extension ClusterSession {
    package func askReach(_ binding: ObjectBinding, _ text: String) {
        app.openPrompt(
            .line, "can \(binding.name) reach (svc/NAME:PORT, pod/NAMESPACE/NAME:PORT)", text, { _ in },
            { [weak self] typed in
                guard let self else { return }
                do throws(APIStatus) {
                    showReach(binding, try NetworkReach.Question(parsing: typed, namespace: binding.namespace ?? "default"))
                } catch {
                    app.toast(error.message, .warning)
                    askReach(binding, typed)
                }
            })
    }

    private func showReach(_ binding: ObjectBinding, _ question: NetworkReach.Question) {
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        let isOurs = app.context.isEmbedded
        let model = DetailModel(title: "Can it reach", binding: binding)
        model.isLive = false
        model.isReading = true
        model.lines = [[TextSpan("reading services, endpoints and policies", .pending)]]
        app.detail = model
        tasks.run(.detail) { [weak self, weak model] in
            var lines: [[TextSpan]]
            do throws(APIStatus) {
                let pod = try await client.get(Pod.resource, namespace: binding.namespace, name: binding.name)
                let reach = try await NetworkReach.ask(pod, question, client, isOurs: isOurs)
                lines = ReachText.make(reach, from: "\(binding.namespace ?? "")/\(binding.name)").lines
            } catch {
                lines = [[TextSpan("not known: \(error.message)", .error)]]
            }
            guard let self, let model, !Task.isCancelled, app.detail === model else { return }
            model.lines = lines
            app.signal.touch()
        }
    }
}
