import APIMachinery
import Glibc
import KubeClient
import LinuxKernel

extension FolderCopy {
    /// What is to be copied into a container: directories before what lies in them.
    struct Plan: Sendable {
        /// Directories, relative to the root.
        var directories: [[String]] = []
        /// Files, relative to the root, with their sizes.
        var files: [(path: [String], size: Int64)] = []
        var progress = Progress()
    }

    /// Looks through a directory of this machine; links are not followed. Blocks.
    static func plan(_ local: String) throws(APIStatus) -> Plan {
        var plan = Plan()
        var waiting: [[String]] = [[]]
        var total: Int64 = 0
        while let folder = waiting.popLast() {
            let path = ([local] + folder).joined(separator: "/")
            for name in try onDisk({ () throws(SystemError) in try FileSystem.names(in: path) }).sorted() {
                let found = try onDisk { () throws(SystemError) in try FileSystem.status("\(path)/\(name)") }
                let place = folder + [name]
                let text = place.joined(separator: "/")
                guard let found else {
                    plan.progress.leave("\(text): nothing is found by this name")
                    continue
                }
                switch found.st_mode & S_IFMT {
                case S_IFDIR:
                    guard place.count <= maximumDepth else { throw .badRequest("\(text) lies more than \(maximumDepth) directories deep") }
                    plan.directories.append(place)
                    waiting.append(place)
                case S_IFREG where Int64(found.st_size) <= Int64(maximumFile):
                    plan.files.append((place, Int64(found.st_size)))
                    let (sum, overflow) = total.addingReportingOverflow(Int64(found.st_size))
                    total = overflow ? .max : sum
                case S_IFREG: plan.progress.leave("\(text): it has more than \(maximumFile >> 20) MiB")
                case S_IFLNK: plan.progress.leave("\(text): a link")
                default: plan.progress.leave("\(text): neither a file nor a directory")
                }
                guard plan.directories.count + plan.files.count + plan.progress.leftOutCount <= maximumEntries else {
                    throw .badRequest("\(local) has more than \(maximumEntries) files: copy its directories one by one")
                }
                guard total <= maximumBytes else {
                    throw .badRequest("\(local) has more than \(ByteText.short(maximumBytes)): copy its directories one by one")
                }
            }
        }
        plan.progress.total = total
        return plan
    }

    /// Copies what was planned into a container's directory, which is made when it is not there. What is there of the same name is written over.
    @concurrent static func into(
        _ inside: any ContainerAccess, _ container: ContainerTarget, _ plan: Plan, from local: String, to path: FilePath, tell: Tell
    ) async throws(APIStatus) -> Progress {
        var progress = plan.progress
        try await inside.makeDirectory(container, path: path)
        for folder in plan.directories {
            try checkCancelled()
            try await inside.makeDirectory(container, path: place(path, folder))
            progress.directories += 1
            await tell(progress)
        }
        for file in plan.files {
            try checkCancelled()
            let (bytes, isExecutable) = try await KernelThread.run("kdash-files") { () throws(APIStatus) in
                try LocalFile.read(([local] + file.path).joined(separator: "/"), limit: maximumFile)
            }
            _ = try await inside.write(container, path: place(path, file.path), bytes, ifVersion: nil, isExecutable: isExecutable)
            progress.files += 1
            progress.bytes += Int64(bytes.count)
            try progress.check()
            await tell(progress)
        }
        return progress
    }

    private static func place(_ root: FilePath, _ parts: [String]) -> FilePath {
        parts.reduce(root) { $0.appending(FilePath(bytes: $1.utf8)) }
    }
}
