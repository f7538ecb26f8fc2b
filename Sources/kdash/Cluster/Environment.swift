import Glibc
import LinuxKernel

/// The parts of the process environment that kdash reads, taken once.
struct Environment: Sendable {
    private let variables: [String: String]
    /// The working directory at start, for relative paths in arguments.
    let workingDirectory: String

    init(variables: [String: String], workingDirectory: String) {
        self.variables = variables
        self.workingDirectory = workingDirectory
    }

    /// This process's environment.
    static let current: Environment = {
        var variables: [String: String] = [:]
        var entry = environ
        while let pointer = entry.pointee {
            let text = String(cString: pointer)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            entry += 1
        }
        let directory = getcwd(nil, 0)
        defer { free(directory) }
        return Environment(variables: variables, workingDirectory: directory.map { String(cString: $0) } ?? "/")
    }()

    /// The value of `name`; an empty value counts as absent.
    subscript(name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A path as the user means it: from the working directory, without slashes at its end.
    func absolute(_ path: String) -> String {
        var result = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        while result.count > 1, result.hasSuffix("/") { result.removeLast() }
        return result
    }

    /// The user's home: $HOME, else the password database's.
    var home: String {
        self["HOME"] ?? Self.account(getuid())?.home ?? "/"
    }

    /// $XDG_DATA_HOME, default ~/.local/share.
    var dataHome: String { self["XDG_DATA_HOME"] ?? home + "/.local/share" }
    /// $XDG_STATE_HOME, default ~/.local/state.
    var stateHome: String { self["XDG_STATE_HOME"] ?? home + "/.local/state" }
    /// $XDG_CONFIG_HOME, default ~/.config.
    var configurationHome: String { self["XDG_CONFIG_HOME"] ?? home + "/.config" }

    /// The user behind sudo, when this process runs as root through it.
    var sudoUser: User? {
        guard geteuid() == 0, let uid = self["SUDO_UID"].flatMap({ UInt32($0) }), uid != 0 else { return nil }
        return Self.account(uid)
    }

    /// Reads /etc/passwd itself: the C library's lookup needs shared libraries that a static program has not.
    private static func account(_ uid: UInt32) -> User? {
        guard let text = try? FileSystem.readText("/etc/passwd") else { return nil }  // best effort: no accounts, no home
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 5, fields[2] == "\(uid)", let gid = UInt32(fields[3]) { return User(uid: uid, gid: gid, home: String(fields[5])) }
        }
        return nil
    }

    /// A local account.
    struct User: Sendable, Hashable {
        let uid: UInt32
        let gid: UInt32
        let home: String
    }
}
