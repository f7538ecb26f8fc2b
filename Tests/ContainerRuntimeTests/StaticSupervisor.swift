import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

/// The supervisor alone as a static program. A node's root holds no libraries, so the test itself, which needs some, could start
/// a node but not replace the supervisor inside it.
enum StaticSupervisor {
    private static let compiler: String? = ["/opt/swift/usr/bin/clang", "/usr/bin/clang", "/usr/bin/cc", "/usr/bin/gcc"].first {
        access($0, X_OK) == 0
    }

    /// Why it cannot be made here; nil when it can.
    static let obstacle: String? = liveTestObstacle ?? (compiler == nil ? "needs a C compiler (clang, cc or gcc)" : nil)

    /// Compiles the supervisor's sources to `path`; `protocolVersion` is the newest that it speaks, nil the current one. `main` runs
    /// where it is not started as a supervisor.
    static func build(
        _ path: String, protocolVersion: Int? = nil, main: String = "int main(void) { return 64; }\n", _ arguments: [String] = []
    ) throws -> String {
        var root = #filePath[...]
        for _ in 0..<3 { root = root[..<(root.lastIndex(of: "/") ?? root.startIndex)] }
        let sources = "\(root)/Sources/CLinux"
        let files = try FileSystem.names(in: sources).filter { $0.hasSuffix(".c") && $0 != "demo.c" }.map { "\(sources)/\($0)" }
        let flags = ["-I\(sources)", "-I\(sources)/include"] + arguments + (protocolVersion.map { ["-DKD_PROTOCOL=\($0)"] } ?? [])
        try compile(main, to: path, flags + files)
        return path
    }

    /// Compiles a C program.
    static func compile(_ source: String, to path: String, _ arguments: [String] = []) throws {
        let main = "\(path).main.c"
        try FileSystem.writeAtomically(main, Array(source.utf8), mode: 0o644)
        let flags = ["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-static"]
        let child = try ChildProcess.start(try #require(compiler), arguments: flags + arguments + [main, "-o", path], standardStreams: (nil, 2, 2))
        #expect(try child.wait() == .code(0))
    }
}
