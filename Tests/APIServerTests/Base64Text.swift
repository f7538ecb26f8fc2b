@testable import APIServer

/// Base 64 as the server reads and writes it; JSONCore, which most tests import, has one of the same name.
enum Base64Text {
    static func decode(_ text: String) -> [UInt8]? { Base64.decode(text.utf8) }
    static func encode(_ bytes: [UInt8], isURL: Bool = false) -> String { Base64.encode(bytes, isURL: isURL) }
}
