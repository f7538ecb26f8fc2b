import APIMachinery
import JSONCore
import LinuxKernel
import Testing

@testable import KubeSchemas

@Suite struct PodResourcesTests {
    @Test(arguments: [
        (
            #"{"containers":[{"resources":{"requests":{"cpu":"250m","memory":"64Mi"}}},{"resources":{"requests":{"cpu":"1"}}}]}"#,
            Int64(1250), Int64(64 << 20)
        ),
        (
            #"{"initContainers":[{"resources":{"requests":{"cpu":"2"}}}],"containers":[{"resources":{"requests":{"cpu":"1","memory":"1Mi"}}}]}"#,
            2000, 1 << 20
        ),
        (
            #"{"initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"500m"}}},{"resources":{"requests":{"cpu":"2"}}}],"containers":[{"resources":{"requests":{"cpu":"1"}}}]}"#,
            2500, 0
        ),
        (#"{"overhead":{"cpu":"100m"},"containers":[{"resources":{"requests":{"cpu":"1"}}}]}"#, 1100, 0),
        (#"{"containers":[{}]}"#, 0, 0),
    ])
    func `requests add up as the scheduler counts them`(spec: String, cpu: Int64, memory: Int64) throws {
        let resources = PodResources(PodSpec(try JSON.parse(Array(spec.utf8))))
        #expect(resources.cpuRequest == MilliCPU(cpu))
        #expect(resources.memoryRequest == ByteCount(memory))
    }

    @Test(arguments: [
        (#"{"containers":[{}]}"#, QOSClass.bestEffort),
        (#"{"containers":[{"resources":{"requests":{"cpu":"1"}}}]}"#, .burstable),
        (#"{"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}"#, .guaranteed),
        (#"{"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"500m"}}}]}"#, .burstable),
        (#"{"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}},{}]}"#, .burstable),
    ])
    func `the class follows requests and limits of every container`(spec: String, expected: QOSClass) throws {
        #expect(QOSClass(PodSpec(try JSON.parse(Array(spec.utf8)))) == expected)
    }
}
