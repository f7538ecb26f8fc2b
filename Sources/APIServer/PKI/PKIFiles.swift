internal import Glibc
internal import LinuxKernel

/// The PEM files of one `pki/` directory: `<name>.crt` (0644) beside `<name>.key` (0600), in a directory only its owner enters.
struct PKIFiles {
    let directory: String

    func prepare() throws(PKIError) {
        do {
            try FileSystem.makeDirectories(directory, mode: 0o700)
        } catch {
            throw PKIError(code: .files, message: "cannot make \(directory): \(error)")
        }
    }

    /// The pair called `name`; nil when either file is missing. A file that holds something else is an error, never overwritten.
    func load(_ name: String) throws(PKIError) -> KeyPair? {
        guard let certificate = try read("\(name).crt"), let key = try read("\(name).key") else { return nil }
        do {
            return try KeyPair(certificatePEM: certificate, keyPEM: key)
        } catch {
            throw PKIError(
                code: .malformed,
                message: "\(directory)/\(name).crt or .key is no certificate or key (\(error)); move both away to have new ones made")
        }
    }

    /// Writes key and certificate; the key goes first, so that a certificate never lies beside an older key after a crash.
    func save(_ pair: KeyPair, as name: String) throws(PKIError) {
        let key: String
        let certificate: String
        do {
            key = try pair.keyPEM()
            certificate = try pair.certificatePEM()
        } catch {
            throw PKIError(code: .issuing, message: "cannot write \(name) as PEM: \(error)")
        }
        try write("\(name).key", key, mode: 0o600)
        try write("\(name).crt", certificate, mode: 0o644)
    }

    /// The private key called `name` that has no certificate; nil when there is none.
    func loadKey(_ name: String) throws(PKIError) -> String? { try read("\(name).key") }

    /// Writes a private key that has no certificate, readable by its owner only.
    func saveKey(_ pem: String, as name: String) throws(PKIError) { try write("\(name).key", pem, mode: 0o600) }

    /// The certificate called `name` as PEM text; nil when there is none.
    func loadCertificate(_ name: String) throws(PKIError) -> String? { try read("\(name).crt") }

    private func read(_ file: String) throws(PKIError) -> String? {
        do {
            return String(decoding: try FileSystem.readFile("\(directory)/\(file)", limit: 1 << 16), as: UTF8.self)
        } catch {
            if error.errno == ENOENT { return nil }
            throw PKIError(code: .files, message: "cannot read \(directory)/\(file): \(error)")
        }
    }

    private func write(_ file: String, _ text: String, mode: UInt32) throws(PKIError) {
        do {
            try FileSystem.writeAtomically("\(directory)/\(file)", Array(text.utf8), mode: mode)
        } catch {
            throw PKIError(code: .files, message: "cannot write \(directory)/\(file): \(error)")
        }
    }
}
