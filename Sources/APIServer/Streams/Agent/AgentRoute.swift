internal import KubeClient

/// What a method and a path of a node's agent ask for: the API that a kubelet serves itself. Source: kubelet `pkg/kubelet/server/server.go`.
enum AgentRoute: Sendable, Equatable {
    case health
    case pods
    case runningPods
    case summary
    case settings
    case metrics(Metrics)
    case log(Target)
    case run(Target)
    case exec(Target)
    case attach(Target)
    case ports(Target)
    case refused(Refusal)

    /// The four documents of metrics.
    enum Metrics: String, Sendable {
        case agent
        case resource
        case cadvisor
        case probes
    }

    /// A pod, and in it a container, as a path names them.
    struct Target: Sendable, Equatable {
        var namespace: String
        var pod: String
        /// Nil when the path does not say it.
        var uid: String?
        /// Empty where the pod as a whole is meant.
        var container = ""
    }

    /// An answer in plain text.
    struct Refusal: Sendable, Equatable {
        var status: Int
        var text: String
        /// The methods that are served; nil when the method is not the reason.
        var allowed: String?

        static let noPage = Refusal(status: 404, text: "404 page not found\n")
        static let noRoute = Refusal(status: 404, text: "404: Page Not Found")
        static func method(_ allowed: String) -> Refusal { Refusal(status: 405, text: "405: Method Not Allowed", allowed: allowed) }
    }

    /// Reads decoded path segments, without those that led to the agent.
    init(_ method: String, _ path: [String]) {
        let rest = Array(path.dropFirst())
        self =
            switch path.first ?? "" {
            case "healthz": ["", "ping", "log", "syncloop"].contains(rest.joined(separator: "/")) ? .health : .refused(.noPage)
            case "metrics": Self.metrics(rest)
            case "configz": rest.isEmpty ? .settings : .refused(.noPage)
            case "pods": rest.isEmpty ? .pods : .refused(.noRoute)
            case "runningpods": rest.isEmpty ? .runningPods : .refused(.noRoute)
            case "stats": rest == ["summary"] ? .summary : .refused(.noRoute)
            case "logs": .refused(Refusal(status: 405, text: "logs endpoint is disabled.\n"))
            case "containerLogs": Self.route(rest, hasUID: false) { .log($0) }
            case "run": Self.route(rest) { .run($0) }
            case "exec": Self.route(rest) { .exec($0) }
            case "attach": Self.route(rest) { .attach($0) }
            case "portForward": Self.route(rest, hasContainer: false) { .ports($0) }
            default: .refused(.noPage)
            }
        if let allowed, !allowed.contains(method) { self = .refused(.method(allowed.joined(separator: ", "))) }
    }

    private static func metrics(_ rest: [String]) -> AgentRoute {
        guard let name = rest.first else { return .metrics(.agent) }
        guard rest.count == 1, name != "agent", let kind = Metrics(rawValue: name) else { return .refused(.noPage) }
        return .metrics(kind)
    }

    private static func route(_ rest: [String], hasUID: Bool = true, hasContainer: Bool = true, _ make: (Target) -> AgentRoute) -> AgentRoute {
        var target = rest
        let container = hasContainer ? target.popLast() : ""
        guard let container, target.count == 2 || hasUID && target.count == 3 else { return .refused(.noRoute) }
        return make(Target(namespace: target[0], pod: target[1], uid: target.count == 3 ? target[2] : nil, container: container))
    }

    /// Nil where every method is answered.
    private var allowed: [String]? {
        switch self {
        case .health, .settings, .metrics: ["GET", "HEAD"]
        case .pods, .runningPods, .summary, .log: ["GET"]
        case .run: ["POST"]
        case .exec, .attach, .ports: ["GET", "POST"]
        case .refused: nil
        }
    }

    /// What a request through the API server asks an agent for; nil when it goes elsewhere.
    init?(_ path: ResourcePath, method: String) {
        guard path.group.isEmpty, path.resource == "nodes", path.subresource == "proxy", let name = ProxyTarget.Name(path.name ?? ""),
            ProxyTarget.isAgent(name)
        else { return nil }
        self.init(method, path.rest)
    }
}
