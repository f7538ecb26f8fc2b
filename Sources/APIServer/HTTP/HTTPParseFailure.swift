internal import APIMachinery
internal import JSONCore

/// Why bytes on a connection are not an acceptable HTTP/1 request. The connection is closed after the answer.
enum HTTPParseFailure: Error, Sendable, Equatable {
    /// The bytes break the grammar.
    case malformed(String)
    /// The request line is longer than ``HTTPRequestParser/Limits/target``.
    case targetTooLong
    /// The head is longer than ``HTTPRequestParser/Limits/head`` or has too many headers.
    case headTooLarge
    /// A transfer coding other than `chunked`.
    case unsupportedTransferCoding(String)
    /// A version other than 1.0 and 1.1.
    case unsupportedVersion

    /// The HTTP status to answer with.
    var status: Int {
        switch self {
        case .malformed: 400
        case .targetTooLong: 414
        case .headTooLarge: 431
        case .unsupportedTransferCoding: 501
        case .unsupportedVersion: 505
        }
    }

    /// What is wrong and what is allowed.
    var message: String {
        switch self {
        case .malformed(let what): "malformed HTTP request: \(what)"
        case .targetTooLong: "the request URL is longer than \(HTTPRequestParser.Limits.target) bytes"
        case .headTooLarge: "the request headers are larger than \(HTTPRequestParser.Limits.head) bytes"
        case .unsupportedTransferCoding(let name): "transfer coding \(name.goQuoted) is not supported; use chunked"
        case .unsupportedVersion: "only HTTP/1.0 and HTTP/1.1 are supported"
        }
    }
}
