import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import APIServer

struct SummaryTests {
    @Test func `a summary tells memory in parts, what is left, the file system and since when things run`() {
        var usage = UsageSample(cpuNanoseconds: 5, workingSet: ByteCount(60), memoryLimit: ByteCount(100))
        usage.memory = MemorySample(used: ByteCount(80), resident: ByteCount(50), faults: 7, majorFaults: 2)
        var container = ContainerStats(name: "main", usage: usage)
        container.startedAt = Timestamp(seconds: 60)
        var pod = PodStats(namespace: "default", name: "p", uid: "u", usage: usage, containers: [container])
        pod.startedAt = Timestamp(seconds: 30)
        var stats = NodeStats(node: "n", sampledAt: Timestamp(seconds: 90), usage: UsageSample(workingSet: ByteCount(300)), pods: [pod])
        stats.totalMemory = ByteCount(1000)
        stats.space = SpaceSample(capacity: ByteCount(500), available: ByteCount(200), availableFiles: 9)
        let summary = AgentDocuments.summary(stats)
        #expect(summary["node"]?["memory"]?["availableBytes"] == 700)
        let system: JSONValue = [
            "time": "1970-01-01T00:01:30Z", "capacityBytes": 500, "availableBytes": 200, "usedBytes": 300, "inodesFree": 9,
        ]
        #expect(summary["node"]?["fs"] == system && summary["node"]?["runtime"]?["imageFs"] == system)
        let told = summary["pods"]?.arrayValue?.first
        #expect(told?["startTime"] == "1970-01-01T00:00:30Z")
        let inner = told?["containers"]?.arrayValue?.first
        #expect(
            inner?["memory"] == [
                "time": "1970-01-01T00:01:30Z", "workingSetBytes": 60, "availableBytes": 40, "usageBytes": 80, "rssBytes": 50, "pageFaults": 7,
                "majorPageFaults": 2,
            ])
        #expect(inner?["startTime"] == "1970-01-01T00:01:00Z")
        #expect(told?["ephemeral-storage"] == nil && inner?["rootfs"] == nil, "nobody has counted")
        let bare = AgentDocuments.summary(NodeStats(node: "n", sampledAt: Timestamp(seconds: 0)))
        #expect(bare["node"]?["fs"] == nil && bare["node"]?["memory"]?["availableBytes"] == nil)
    }

    @Test func `a summary tells what containers and volumes take of the disk`() {
        let pod = PodStats(namespace: "default", name: "p", uid: "u", containers: [ContainerStats(name: "main"), ContainerStats(name: "other")])
        var stats = NodeStats(node: "n", sampledAt: Timestamp(seconds: 90), pods: [pod])
        stats.space = SpaceSample(capacity: ByteCount(500), available: ByteCount(200), availableFiles: 9)
        func use(_ size: Int64, _ files: Int64) -> DiskUse { DiskUse(size: ByteCount(size), files: files) }
        let storage = PodStorage(
            uid: "u", containers: [.init(name: "main", root: use(40, 4), logs: use(30, 3))], volumes: [.init(name: "v", use: use(20, 2))])
        let told = AgentDocuments.summary(stats, storage: [storage])["pods"]?.arrayValue?.first
        func disk(_ size: JSONValue, _ files: JSONValue) -> JSONValue {
            [
                "time": "1970-01-01T00:01:30Z", "capacityBytes": 500, "availableBytes": 200, "usedBytes": size, "inodesFree": 9, "inodesUsed": files,
            ]
        }
        let containers = told?["containers"]?.arrayValue ?? []
        #expect(containers.first?["rootfs"] == disk(40, 4) && containers.first?["logs"] == disk(30, 3) && containers.last?["rootfs"] == nil)
        #expect(told?["ephemeral-storage"] == disk(90, 9))
        let volume = told?["volume"]?.arrayValue?.first
        #expect(volume?["name"] == "v" && volume?["usedBytes"] == 20)
    }
}
