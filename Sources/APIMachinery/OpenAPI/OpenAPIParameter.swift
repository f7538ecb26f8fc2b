import JSONCore

/// The query parameters of operations.
struct OpenAPIParameter {
    let name: String
    let type: String
    let description: String

    /// The parameter object.
    func value(_ dialect: OpenAPIDialect) -> JSONValue {
        dialect.parameter(name, place: "query", type: type, description: description)
    }

    static let pretty = OpenAPIParameter(
        name: "pretty", type: "string", description: "If true, the answer is indented; the default for browsers and curl.")

    private static let dryRun = OpenAPIParameter(
        name: "dryRun", type: "string",
        description: "With the value All the request is checked in every way, and nothing is stored.")
    private static let fieldManager = OpenAPIParameter(
        name: "fieldManager", type: "string", description: "The name of whoever makes the change; at most 128 printable characters.")
    private static let fieldValidation = OpenAPIParameter(
        name: "fieldValidation", type: "string",
        description: "What to do about unknown and repeated fields: Ignore, Warn (the default) or Strict.")
    private static let force = OpenAPIParameter(
        name: "force", type: "boolean", description: "Whether an apply takes over fields that others own.")

    private static let list = [
        OpenAPIParameter(name: "allowWatchBookmarks", type: "boolean", description: "Whether a watch sends events that only name a revision."),
        OpenAPIParameter(name: "continue", type: "string", description: "The token of the previous page."),
        OpenAPIParameter(name: "fieldSelector", type: "string", description: "Fields that objects must have, such as metadata.name=x."),
        OpenAPIParameter(name: "labelSelector", type: "string", description: "Labels that objects must have, such as app=web."),
        OpenAPIParameter(name: "limit", type: "integer", description: "The most objects in one answer."),
        OpenAPIParameter(name: "resourceVersion", type: "string", description: "The revision to read at or to watch from."),
        OpenAPIParameter(name: "resourceVersionMatch", type: "string", description: "How resourceVersion is meant: Exact or NotOlderThan."),
        OpenAPIParameter(name: "sendInitialEvents", type: "boolean", description: "Whether a watch starts with what exists."),
        OpenAPIParameter(name: "timeoutSeconds", type: "integer", description: "How long the request may last, in seconds."),
        OpenAPIParameter(name: "watch", type: "boolean", description: "Whether to send changes as they happen instead of a list."),
    ]

    private static let delete = [
        dryRun,
        OpenAPIParameter(name: "gracePeriodSeconds", type: "integer", description: "How long the object may take to end, in seconds; 0 is at once."),
        OpenAPIParameter(name: "orphanDependents", type: "boolean", description: "Deprecated: use propagationPolicy."),
        OpenAPIParameter(
            name: "propagationPolicy", type: "string", description: "What becomes of dependents: Orphan, Background or Foreground."),
    ]

    /// The parameters of a verb.
    static func of(_ verb: String) -> [OpenAPIParameter] {
        switch verb {
        case "list": list
        case "create", "update": [dryRun, fieldManager, fieldValidation]
        case "patch": [dryRun, fieldManager, fieldValidation, force]
        case "delete": delete
        case "deletecollection": list.filter { $0.name != "watch" && $0.name != "allowWatchBookmarks" } + delete
        default: []
        }
    }

    /// What a part of the path stands for.
    static func placeholder(_ name: String) -> String {
        name == "namespace" ? "The namespace of the object." : "The name of the object."
    }
}
