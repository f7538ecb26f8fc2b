import APIMachinery

/// How a script in a container ended.
struct ExecEnd: Sendable {
    var output: [UInt8]
    /// The beginning of what it wrote to standard error.
    var errorText: String
    var result: APIStatus

    /// It was given up.
    static func late(after patience: Duration) -> ExecEnd {
        ExecEnd(output: [], errorText: "", result: .timeout("the container did not answer within \(patience.components.seconds) s"))
    }

    /// Why there is no answer; nil when there is one. `about` is what was asked for.
    static func failure(_ end: ExecEnd, about: String, container: String) -> APIStatus? {
        guard end.result.isFailure else { return nil }
        let cause = end.result.details?.causes.first { $0.reason == "ExitCode" }?.message
        guard let code = cause.flatMap({ Int($0) }) else {
            // Runtimes tell in words of their own that they could not start the program: the server says it is no fault of the request.
            return end.result.code == 500 ? noShell(container, end.result.message) : end.result
        }
        let said = end.errorText.split(separator: "\n").last.map { ": \($0.prefix(300))" } ?? ""
        switch ContainerScript.Exit(rawValue: code) {
        case .missing: return APIStatus(code: 404, reason: .notFound, message: "\(about) is not there in container \(container)")
        case .otherKind: return .badRequest("\(about) is no regular file")
        case .denied: return .badRequest("the user of container \(container) may not do that with \(about)\(said)")
        case .noTool: return noShell(container, "it has no stat")
        case .changed: return APIStatus(code: 409, reason: .conflict, message: "\(about) was changed meanwhile")
        case .notWritten: return .badRequest("\(about) could not be written\(said)")
        case .cut: return .badRequest("\(about) was not written: it did not arrive whole")
        case nil: return code == 126 || code == 127 ? noShell(container, "exit \(code)") : .badRequest("\(about): exit \(code)\(said)")
        }
    }

    private static func noShell(_ container: String, _ why: String) -> APIStatus {
        APIStatus(
            code: 501, reason: APIStatus.Reason(rawValue: "NotImplemented"),
            message: "container \(container) has no shell that could tell (\(why.prefix(200)))")
    }
}
