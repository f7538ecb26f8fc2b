package import APIMachinery
package import KubeClient

/// What one process of a container was started with and has open, read through the container's own /proc.
package struct ProcessDetails: Sendable, Hashable {
    /// One variable of its environment.
    package struct Variable: Sendable, Hashable {
        /// Its name.
        package var name: String
        /// Its value; bytes that are no text are written `\xNN`.
        package var value: String
    }

    /// One file that it has open.
    package struct OpenFile: Sendable, Hashable {
        /// Its number in the process: 0 to 2 are input, output and errors.
        package var number: Int
        /// What it is: a path, `socket:[1234]`, `pipe:[5]`, `anon_inode:[eventpoll]`; empty where that is not told.
        package var what: String
    }

    /// Its environment when it was started, in its own order; what the program set since is not in it.
    package var environment: [Variable]
    /// Why the environment is not told; nil when it is.
    package var environmentProblem: String?
    /// Its open files, by number.
    package var files: [OpenFile]
    /// Why the open files are not told, or that there are more; nil when all are there.
    package var filesProblem: String?

    private static let mostEnvironment = 1 << 20

    /// Reads it. Throws NotFound when the number is another process's by now; what may not be seen of the right one is a problem, not an error.
    package static func read(
        _ process: ContainerProcess, of target: ContainerTarget, _ inside: any ContainerAccess
    ) async throws(APIStatus) -> ProcessDetails {
        let folder = "/proc/\(process.pid)"
        func path(_ name: String) throws(APIStatus) -> FilePath {
            guard let path = FilePath("\(folder)/\(name)") else { throw .badRequest("\(folder)/\(name) is no path") }
            return path
        }
        let gone = APIStatus(code: 404, reason: .notFound, message: "process \(process.pid) has ended")
        func check() async throws(APIStatus) {
            let stat: ContainerFilePart
            do throws(APIStatus) {
                stat = try await inside.read(target, path: try path("stat"), limit: 4096)
            } catch {
                throw error.code == 404 ? gone : error
            }
            guard startedTicks(stat.bytes) == process.startedTicks else { throw gone }
        }
        try await check()
        var details = ProcessDetails(environment: [], environmentProblem: nil, files: [], filesProblem: nil)
        do throws(APIStatus) {
            let part = try await inside.read(target, path: try path("environ"), limit: mostEnvironment)
            details.environment = variables(part.bytes)
        } catch {
            details.environmentProblem = error.message
        }
        do throws(APIStatus) {
            let listing = try await inside.list(target, path: try path("fd"))
            details.files = listing.files.compactMap { file in
                Int(file.name.description).map { OpenFile(number: $0, what: file.link?.description ?? "") }
            }.sorted { $0.number < $1.number }
            if listing.isCut { details.filesProblem = "only the first \(details.files.count) are shown" }
        } catch {
            details.filesProblem = error.message
        }
        // The number may have become another process's while this was read.
        try await check()
        return details
    }

    /// `A=b\0C=d\0`; what has no `=` is a name alone.
    static func variables(_ bytes: [UInt8]) -> [Variable] {
        bytes.split(separator: 0).map { entry in
            let sign = entry.firstIndex(of: UInt8(ascii: "=")) ?? entry.endIndex
            let value = sign < entry.endIndex ? entry[(sign + 1)...] : []
            return Variable(name: FilePath(bytes: entry[..<sign]).description, value: FilePath(bytes: value).description)
        }
    }

    /// The 22nd field of /proc/PID/stat, which stands behind a name that may hold anything. Source: proc(5).
    static func startedTicks(_ bytes: [UInt8]) -> UInt64? {
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
        return fields.count > 19 ? UInt64(String(decoding: fields[19], as: UTF8.self)) : nil
    }
}
