internal import Glibc

/// Where tests put their files: below $TMPDIR, which the test command makes and removes as a whole, so that nothing is left behind by a test
/// that crashed or by a program that writes once more when the test has ended.
package enum ScratchFolder {
    /// A path that nothing is at yet; whoever uses it makes it and removes it.
    package static func path(_ name: String) -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        return "\(base)/kd-\(name)-\(String(UInt64.random(in: .min ... .max), radix: 16))"
    }
}
