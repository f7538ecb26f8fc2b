internal import Crypto

/// Hashes of documents, for ETags and versioned addresses.
enum ContentTag {
    /// SHA-512 in upper-case hexadecimal, as Kubernetes tags OpenAPI documents.
    static func of(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in SHA512.hash(data: bytes) {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }
}
