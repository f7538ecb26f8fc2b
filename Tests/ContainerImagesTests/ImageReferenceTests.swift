import Testing

@testable import ContainerImages

@Suite struct ImageReferenceTests {
    @Test(arguments: [
        ("nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27", "nginx:1.27"),
        ("user/app", "docker.io/user/app:latest", "user/app:latest"),
        ("index.docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
        ("localhost:5000/a/b:x", "localhost:5000/a/b:x", "localhost:5000/a/b:x"),
        ("kdash.dev/demo:1", "kdash.dev/demo:1", "kdash.dev/demo:1"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("Host/app", "Host/app:latest", "Host/app:latest"),
        ("a__b/c--d/e.f_g", "docker.io/a__b/c--d/e.f_g:latest", "a__b/c--d/e.f_g:latest"),
    ])
    func `short names are completed and shortened again`(text: String, full: String, short: String) throws {
        let reference = try ImageReference(parsing: text)
        #expect(reference.description == full)
        #expect(reference.familiar == short)
        #expect(try ImageReference(parsing: full) == reference)
    }

    @Test func `a digest pins and needs no tag`() throws {
        let hex = String(repeating: "ab", count: 32)
        let reference = try ImageReference(parsing: "nginx@sha256:\(hex)")
        #expect(reference.tag == nil && reference.digest?.hex == hex)
        #expect(reference.description == "docker.io/library/nginx@sha256:\(hex)")
        #expect(try ImageReference(parsing: "nginx:1@sha256:\(hex)").tag == "1")
    }

    @Test(arguments: [
        "", "Nginx", "nginx:", "nginx:-x", "nginx:a b", "a//b", "/a", "a/", "a@sha256:12", "a@md5:0", "a..b", "-a", "a-", "a___b",
        "ex.com:99999/a", "-x.com/a", "a:b:c", "a/b:c/d e", "\u{1b}[0m", String(repeating: "a", count: 300),
        String(repeating: "ab", count: 32),
    ])
    func `what is no reference is refused`(text: String) {
        let error = #expect(throws: ImageError.self) { try ImageReference(parsing: text) }
        #expect(error?.code == .invalidReference)
    }
}
