import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import SimulatedNodes

struct SimulatedPodTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    private func pod(_ yaml: String = "") throws -> Pod {
        let text = "metadata: {name: p, namespace: default, uid: u}\nspec: {nodeName: sim-0001, containers: [{name: a, image: i}]}\n"
        var object = try YAML.parseSingle(Array(text.utf8)).value
        for member in try YAML.parseSingle(Array((yaml.isEmpty ? "{}" : yaml).utf8)).value.objectValue ?? [:] {
            for inner in member.value.objectValue ?? [:] { object[member.key, inner.key] = inner.value }
        }
        return Pod(KubeObject(object))
    }

    private static let running = "status: {phase: Running, podIP: 241.0.1.1, conditions: [{type: Ready, status: \"True\"}]}"
    private static let job = "ownerReferences: [{kind: Job, name: j, uid: j, controller: true}]"

    @Test(
        arguments: [
            ("", .run), ("status: {phase: Pending}", .run), (running, .nothing), ("metadata: {\(job)}", .run), ("metadata: {\(job)}\n\(running)", .succeed),
            ("metadata: {\(job)}\nstatus: {phase: Succeeded}", .nothing), ("spec: {readinessGates: [{conditionType: g}]}\n\(running)", .run),
            ("metadata: {deletionTimestamp: x, deletionGracePeriodSeconds: 30}\n\(running)", .confirmDeletion),
            ("metadata: {deletionTimestamp: x, deletionGracePeriodSeconds: 0, finalizers: [f]}\n\(running)", .nothing),
            ("metadata: {deletionTimestamp: x, deletionGracePeriodSeconds: 30, finalizers: [f]}\n\(running)", .fail),
            ("metadata: {deletionTimestamp: x, deletionGracePeriodSeconds: 30, finalizers: [f]}\nstatus: {phase: Failed}", .confirmDeletion),
        ] as [(String, SimulatedPod.Step)])
    func `a pod has a next step until nothing is left to do`(yaml: String, step: SimulatedPod.Step) throws {
        #expect(SimulatedPod(try pod(yaml)).step == step)
    }

    private func after(_ pod: Pod, _ step: SimulatedPod.Step) -> Pod {
        var result = pod
        result.object["status"] = SimulatedPod(pod).status(step, address: "241.0.1.1", host: "240.0.0.1", now: Self.now)
        return result
    }

    @Test func `what is written needs no second write`() throws {
        let fresh = try pod("spec: {initContainers: [{name: i, image: i}, {name: s, image: i, restartPolicy: Always}]}")
        let running = after(fresh, .run)
        #expect(SimulatedPod(running).step == .nothing)
        #expect(running.status.phase == "Running" && running.isReady && running.status.podIP == "241.0.1.1" && running.status.hostIP == "240.0.0.1")
        #expect(running.status.containerStatuses.first?.state.running != nil)
        let initial = running.status.initContainerStatuses
        #expect(initial.first?.state.terminated?.exitCode == 0 && initial.last?.state.running != nil)
    }

    @Test func `a gate that is closed keeps a pod from being ready until it opens`() throws {
        var gated = after(try pod("spec: {readinessGates: [{conditionType: g}]}"), .run)
        #expect(!gated.isReady && SimulatedPod(gated).step == .nothing)
        gated.object["status", "conditions"] = .array(gated.object.array("status", "conditions") + [["type": "g", "status": "True"]])
        #expect(SimulatedPod(gated).step == .run)
        #expect(SimulatedPod(after(gated, .run)).status(.run, address: "", host: "", now: Self.now)["phase"] == "Running")
    }

    @Test func `the pod of a Job succeeds, and one that is deleted before fails`() throws {
        let job = try pod("metadata: {\(Self.job)}")
        let done = after(after(job, .run), .succeed)
        #expect(done.status.phase == "Succeeded" && !done.isReady && done.status.containerStatuses.first?.state.terminated?.exitCode == 0)
        #expect(SimulatedPod(done).step == .nothing)
        let failed = after(after(job, .run), .fail)
        #expect(failed.status.phase == "Failed" && failed.status.containerStatuses.first?.state.terminated?.exitCode == 143)
    }
}
