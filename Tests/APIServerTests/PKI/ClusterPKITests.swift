import Glibc
import LinuxKernel
import Testing

@testable import APIServer

struct ClusterPKITests {
    private let names = CertificateNames.standard(hostName: "box", serviceAddress: "10.96.0.1")
    private let year: Duration = .seconds(365 * 86400)

    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = "/tmp/kdash-pki-\(SecureRandom.hex(8))"
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        try body(directory)
    }

    @Test func `certificates are made once and loaded afterwards`() throws {
        try withDirectory { directory in
            let time = ManualTimeSource(at: .now())
            let first = try ClusterPKI.loadOrCreate(directory: directory, time: time, names: names)
            let certificate = try FileSystem.readFile("\(directory)/apiserver.crt")
            let second = try ClusterPKI.loadOrCreate(directory: directory, time: time, names: names)
            #expect(try first.authorityPEM() == second.authorityPEM())
            #expect(try FileSystem.readFile("\(directory)/apiserver.crt") == certificate)
            for key in ["ca.key", "apiserver.key", "admin.key"] {
                #expect(try #require(try FileSystem.status("\(directory)/\(key)")).st_mode & 0o777 == 0o600)
            }
            _ = try first.makeTLSContext()
        }
    }

    @Test func `a certificate is replaced after two thirds of its life, the authority stays`() throws {
        try withDirectory { directory in
            let time = ManualTimeSource(at: .now())
            let pki = try ClusterPKI.loadOrCreate(directory: directory, time: time, names: names)
            let authority = try pki.authorityPEM()
            let expiry = pki.servingExpiry
            time.advance(by: year / 2)
            #expect(try !pki.renewIfDue())
            time.advance(by: year / 4)
            #expect(try pki.renewIfDue())
            #expect(pki.servingExpiry > expiry)
            #expect(try pki.authorityPEM() == authority)
            #expect(try !pki.renewIfDue())
        }
    }

    @Test func `a renewed authority keeps its key, so that certificates signed before still verify`() throws {
        try withDirectory { directory in
            let time = ManualTimeSource(at: .now())
            let pki = try ClusterPKI.loadOrCreate(directory: directory, time: time, names: names)
            let key = try FileSystem.readFile("\(directory)/ca.key")
            let before = try pki.authorityPEM()
            time.advance(by: year * 7)
            #expect(try pki.renewIfDue())
            #expect(try pki.authorityPEM() != before)
            #expect(try FileSystem.readFile("\(directory)/ca.key") == key)
        }
    }

    @Test func `a clock that was set back, another name or another address make a new certificate`() throws {
        try withDirectory { directory in
            let first = try ClusterPKI.loadOrCreate(directory: directory, time: ManualTimeSource(at: .now()), names: names)
            let expiry = first.servingExpiry
            let past = ManualTimeSource(at: Timestamp(seconds: 1_600_000_000))
            #expect(try ClusterPKI.loadOrCreate(directory: directory, time: past, names: names).servingExpiry < expiry)
            let certificate = try FileSystem.readFile("\(directory)/apiserver.crt")
            let other = CertificateNames.standard(hostName: "box", serviceAddress: "10.97.0.1")
            _ = try ClusterPKI.loadOrCreate(directory: directory, time: past, names: other)
            #expect(try FileSystem.readFile("\(directory)/apiserver.crt") != certificate)
        }
    }

    @Test func `a file that is no certificate is reported and left alone`() throws {
        try withDirectory { directory in
            let time = ManualTimeSource(at: .now())
            _ = try ClusterPKI.loadOrCreate(directory: directory, time: time, names: names)
            try FileSystem.writeAtomically("\(directory)/ca.crt", Array("nonsense".utf8))
            #expect(throws: PKIError.self) { try ClusterPKI.loadOrCreate(directory: directory, time: time, names: names) }
            #expect(try FileSystem.readFile("\(directory)/ca.crt") == Array("nonsense".utf8))
        }
    }
}
