internal import APIMachinery
internal import JSONCore
internal import SwiftASN1
internal import X509

/// What the conditions and the certificate of a signing request may say, and how they may change.
/// Source: `pkg/apis/certificates/validation/validation.go`.
enum CertificateRules {
    private static let conditions = "status.conditions"
    private static let final = ["Approved", "Denied", "Failed"]

    /// What is wrong with a status; `mayApprove` when it was written to the path of approvals, which may not write the certificate.
    static func changes(_ object: KubeObject, old: KubeObject, mayApprove: Bool) -> [FieldError] {
        var errors = conditions(object, old: old)
        let (sent, before) = (object.string("status", "certificate") ?? "", old.string("status", "certificate") ?? "")
        if sent != before, problem(before) == nil, let why = problem(sent) {
            errors.append(.invalid("status.certificate", "<certificate data>", why))
        }
        func found(_ type: String, _ object: KubeObject) -> [JSONValue] {
            object.array("status", "conditions").filter { $0["type"]?.stringValue == type }
        }
        for type in final where found(type, object).count < found(type, old).count {
            errors.append(.forbidden(conditions, "updates may not remove a condition of type \(type.goQuoted)"))
        }
        guard !mayApprove else { return errors }
        for type in ["Approved", "Denied"] {
            let (new, known) = (found(type, object), found(type, old))
            if new.count > known.count {
                errors.append(.forbidden(conditions, "updates may not add a condition of type \(type.goQuoted)"))
            } else if new.count == known.count, new != known {
                errors.append(.forbidden(conditions, "updates may not modify a condition of type \(type.goQuoted)"))
            }
        }
        if sent != before, !before.isEmpty {
            errors.append(.forbidden("status.certificate", "updates may not modify existing certificate content"))
        }
        return errors
    }

    /// Mistakes that a stored object has already are let pass.
    private static func conditions(_ object: KubeObject, old: KubeObject) -> [FieldError] {
        func types(_ object: KubeObject) -> [String] { object.array("status", "conditions").map { $0["type"]?.stringValue ?? "" } }
        let before = types(old)
        let hadBoth = before.contains("Approved") && before.contains("Denied")
        let hadTwice = Set(before).count < before.count
        var seen: Set<String> = []
        var errors: [FieldError] = []
        for (index, condition) in object.array("status", "conditions").enumerated() {
            let field = "\(conditions)[\(index)]"
            let (type, status) = (condition["type"]?.stringValue ?? "", condition["status"]?.stringValue ?? "")
            if type.isEmpty, !before.contains("") { errors.append(.required("\(field).type")) }
            let allowed = final.contains(type) ? ["True"] : ["False", "True", "Unknown"]
            if status.isEmpty {
                errors.append(.required("\(field).status"))
            } else if !allowed.contains(status) {
                errors.append(.notSupported("\(field).status", .string(status), allowed))
            }
            let other = ["Approved": "Denied", "Denied": "Approved"][type]
            if let other, seen.contains(other), !hadBoth {
                errors.append(.invalid("\(field).type", .string(type), "Approved and Denied conditions are mutually exclusive"))
            }
            if !seen.insert(type).inserted, !hadTwice { errors.append(.duplicate("\(field).type", .string(type))) }
        }
        return errors
    }

    /// Why a field is no list of certificates; nil when it is one, or empty. Text around the blocks is let pass, as by Go's decoder.
    private static func problem(_ field: String) -> String? {
        guard !field.isEmpty else { return nil }
        let text = String(decoding: Base64.decode(field.utf8) ?? [], as: UTF8.self)
        var count = 0
        var block: (type: Substring, body: String)?
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("-----BEGIN "), line.hasSuffix("-----") {
                block = (line.dropFirst(11).dropLast(5), "")
            } else if line.hasPrefix("-----END ") {
                guard let (type, body) = block else { continue }
                block = nil
                guard line.dropFirst(9).dropLast(5) == type else { continue }
                let hasHeaders = body.contains(":")
                let bytes = Base64.decode(body.utf8)
                guard hasHeaders || bytes != nil else { continue }
                guard type == "CERTIFICATE" else { return "only CERTIFICATE PEM blocks are allowed, found \(String(type).goQuoted)" }
                guard !hasHeaders, let bytes else { return "no PEM block headers are permitted" }
                guard !bytes.isEmpty else { return "found CERTIFICATE PEM block containing 0 certificates" }
                // best effort: why it cannot be read would tell its writer little.
                guard (try? Certificate(derEncoded: bytes)) != nil else { return "x509: malformed certificate" }
                count += 1
            } else {
                block?.body += line
            }
        }
        return count == 0 ? "must contain at least one CERTIFICATE PEM block" : nil
    }
}
