internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// GET of `componentstatuses`: the parts of the control plane, which are one process here and therefore healthy whenever it answers.
/// Source: `pkg/registry/core/componentstatus/rest.go`.
enum ComponentStatuses {
    private static let names = ["scheduler", "controller-manager", "etcd-0"]

    static func get(_ context: RequestContext) throws(APIStatus) {
        let renderer = try ObjectRenderer(context, isList: false)
        guard names.contains(context.name) else {
            throw APIStatus(code: 500, reason: .unknown, message: "Component not found: \(context.name)")
        }
        context.reply(renderer.response(status(context.name)))
    }

    static func list(_ context: RequestContext) throws(APIStatus) {
        let renderer = try ObjectRenderer(context, isList: true)
        let options = try ListOptions(context.request, isWatch: false)
        let selection = try ObjectSelection(options.labels, options.fields, context.descriptor)
        let found = names.map(status).filter { (selection.name ?? $0.name) == $0.name && selection.matches($0) }
        context.reply(ListVerb.answer(found, metadata: JSONObject(), renderer, context.descriptor))
    }

    private static func status(_ name: String) -> KubeObject {
        KubeObject([
            "kind": "ComponentStatus", "apiVersion": "v1", "metadata": ["name": .string(name)],
            "conditions": [["type": "Healthy", "status": "True", "message": "ok"]],
        ])
    }
}
