/// The frames of SPDY/3.1. Source: draft-mbelshe-httpbis-spdy-00 section 2.2, with the numbers of version 3.
enum SPDYFrame: Equatable {
    case synStream(id: UInt32, headers: SPDYHeaders, isFinal: Bool, isUnidirectional: Bool)
    case synReply(id: UInt32, headers: SPDYHeaders, isFinal: Bool)
    case reset(id: UInt32, status: SPDYStatus)
    /// The new initial window, if that was among the settings.
    case settings(initialWindow: UInt32?)
    case ping(UInt32)
    case goAway(lastGood: UInt32, status: UInt32)
    case headers(id: UInt32, headers: SPDYHeaders, isFinal: Bool)
    case windowUpdate(id: UInt32, delta: UInt32)
    /// Part of a data frame; `isFinal` on the last part of the last one.
    case data(id: UInt32, [UInt8], isFinal: Bool)

    /// The numbers of control frames.
    enum Kind: UInt16 {
        case synStream = 1
        case synReply = 2
        case reset = 3
        case settings = 4
        case ping = 6
        case goAway = 7
        case headers = 8
        case windowUpdate = 9
    }
}

/// Why a stream was reset. Source: draft-mbelshe-httpbis-spdy-00 section 2.6.3.
struct SPDYStatus: Equatable, Sendable {
    let code: UInt32

    static let protocolError = SPDYStatus(code: 1)
    static let invalidStream = SPDYStatus(code: 2)
    static let refused = SPDYStatus(code: 3)
    static let cancelled = SPDYStatus(code: 5)
    static let flowControl = SPDYStatus(code: 7)
    static let alreadyClosed = SPDYStatus(code: 9)
}

/// Name and value pairs of a stream; names are in lower case.
struct SPDYHeaders: Equatable, Sendable {
    private(set) var pairs: [(name: String, value: String)]

    init(_ pairs: [(name: String, value: String)] = []) { self.pairs = pairs }

    /// The value of a name in lower case.
    subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

    static func == (left: SPDYHeaders, right: SPDYHeaders) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0.name == $1.name && $0.value == $1.value }
    }
}
