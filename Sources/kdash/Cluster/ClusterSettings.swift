import JSONCore
import LinuxKernel
import PodNetwork

/// What the user may set in `config.yaml`; command-line flags win.
struct ClusterSettings: Sendable, Hashable {
    /// Port of the API on 127.0.0.1; nil lets kdash choose (6443 when it is free).
    var apiPort: Int?
    /// Ranges that must be used; nil lets kdash choose free ones.
    var podCIDR: IPv4Network?
    var serviceCIDR: IPv4Network?
    /// Size of one log file. Default 10 MiB.
    var logMaximumSize = ByteCount.mebibytes(10)
    /// How many files are kept per container instance. Default 5.
    var logMaximumFiles = 5
    /// Bytes kept of deleted pods' logs. Default 1 GiB.
    var deletedLogBudget = ByteCount.gibibytes(1)
    /// Most processes and threads of one pod; nil for no bound. Default 4096.
    var podProcessLimit: Int64? = 4096
    /// What must be left of memory and of the disk, else pods are ended; zero never ends one. Default 100 MiB and 1 GiB.
    var evictionMemory = ByteCount.mebibytes(100)
    var evictionDisk = ByteCount.gibibytes(1)
    /// How many processes and threads the machine must still be able to start, else pods are ended; zero never ends one. Default 1,000.
    var evictionProcesses: Int64 = 1000
    /// Percent of the disk in use from which, and down to which, unused images go; 100 for never. Default 85 and 80.
    var imageGarbageHigh: Int64 = 85
    var imageGarbageLow: Int64 = 80
    /// Whether requests are written to `audit.log`. Default no.
    var hasAuditLog = false

    static func load(_ directory: DataDirectory) throws(CommandError) -> ClusterSettings {
        guard FileSystem.exists(directory.configuration) else { return ClusterSettings() }
        do {
            let document = try YAML.parseSingle(try FileSystem.readFile(directory.configuration, limit: 1 << 20))
            return try ClusterSettings(document, path: directory.configuration)
        } catch let error as CommandError {
            throw error
        } catch let error as YAMLError {
            throw CommandError("\(directory.configuration):\(error.mark.line + 1): \(error.message)")
        } catch {
            throw CommandError("cannot read \(directory.configuration): \(error)")
        }
    }

    init() {}

    private init(_ document: YAMLDocument, path: String) throws(CommandError) {
        for member in document.value.objectValue ?? [:] {
            func refuse(_ what: String) -> CommandError {
                let line = (document.keyMark(of: JSONPointer([member.key]))?.line ?? 0) + 1
                return CommandError("\(path):\(line): \(member.key): \(what)")
            }
            let number = member.value.integerValue
            switch member.key {
            case "apiPort":
                guard let number, (1...65535).contains(number) else { throw refuse("must be a port number from 1 to 65535") }
                apiPort = Int(number)
            case "podCIDR", "serviceCIDR":
                guard let network = member.value.stringValue.flatMap({ IPv4Network($0) }) else { throw refuse("must be a range like 10.42.0.0/16") }
                if member.key == "podCIDR" { podCIDR = network } else { serviceCIDR = network }
            case "logMaximumMiB":
                guard let number, (1...1024).contains(number) else { throw refuse("must be a number of MiB from 1 to 1024") }
                logMaximumSize = .mebibytes(number)
            case "logMaximumFiles":
                guard let number, (2...100).contains(number) else { throw refuse("must be a number from 2 to 100") }
                logMaximumFiles = Int(number)
            case "deletedLogMiB":
                guard let number, number >= 0, number <= 1 << 20 else { throw refuse("must be a number of MiB, 0 or more") }
                deletedLogBudget = .mebibytes(number)
            case "podProcessLimit":
                guard let number, number == 0 || (16...4_194_304).contains(number) else {
                    throw refuse("must be a number of processes from 16 to 4194304, or 0 for no bound")
                }
                podProcessLimit = number == 0 ? nil : number
            case "evictionMemoryMiB", "evictionDiskMiB":
                guard let number, number >= 0, number <= 1 << 30 else { throw refuse("must be a number of MiB, 0 or more") }
                if member.key == "evictionMemoryMiB" { evictionMemory = .mebibytes(number) } else { evictionDisk = .mebibytes(number) }
            case "evictionProcesses":
                guard let number, (0...4_194_304).contains(number) else { throw refuse("must be a number of processes from 0, which is no bound, to 4194304") }
                evictionProcesses = number
            case "imageGCHighPercent", "imageGCLowPercent":
                guard let number, (0...100).contains(number) else { throw refuse("must be a percentage of the disk from 0 to 100") }
                if member.key == "imageGCHighPercent" { imageGarbageHigh = number } else { imageGarbageLow = number }
            case "auditLog":
                guard let isOn = member.value.boolValue else { throw refuse("must be true or false") }
                hasAuditLog = isOn
            default:
                throw refuse(
                    "unknown setting; known are apiPort, podCIDR, serviceCIDR, logMaximumMiB, logMaximumFiles, deletedLogMiB, podProcessLimit, evictionMemoryMiB, evictionDiskMiB, evictionProcesses, imageGCHighPercent, imageGCLowPercent, auditLog"
                )
            }
        }
    }
}
