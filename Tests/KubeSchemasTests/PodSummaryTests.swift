import APIMachinery
import JSONCore
import LinuxKernel
import Testing

@testable import KubeSchemas

@Suite struct PodSummaryTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var pod: String
        var ready: String
        var status: String
        var restarts = "0"
    }

    @Test(arguments: [
        Case(
            testDescription: "pending without statuses", pod: #"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Pending"}}"#,
            ready: "0/1", status: "Pending"),
        Case(
            testDescription: "running",
            pod:
                #"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Running","containerStatuses":[{"name":"a","ready":true,"restartCount":0,"state":{"running":{}}}]}}"#,
            ready: "1/1", status: "Running"),
        Case(
            testDescription: "back-off with the last end",
            pod:
                #"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Running","containerStatuses":[{"name":"a","ready":false,"restartCount":3,"lastState":{"terminated":{"exitCode":1,"finishedAt":"2026-01-01T00:00:00Z"}},"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}}"#,
            ready: "0/1", status: "CrashLoopBackOff", restarts: "3 (5m ago)"),
        Case(
            testDescription: "completed",
            pod:
                #"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Succeeded","containerStatuses":[{"name":"a","restartCount":0,"state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}}"#,
            ready: "0/1", status: "Completed"),
        Case(
            testDescription: "exit code without reason",
            pod:
                #"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Failed","containerStatuses":[{"name":"a","restartCount":0,"state":{"terminated":{"exitCode":7}}}]}}"#,
            ready: "0/1", status: "ExitCode:7"),
        Case(
            testDescription: "signal without reason",
            pod:
                #"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Failed","containerStatuses":[{"name":"a","restartCount":0,"state":{"terminated":{"exitCode":137,"signal":9}}}]}}"#,
            ready: "0/1", status: "Signal:9"),
        Case(
            testDescription: "first init container runs",
            pod:
                #"{"spec":{"initContainers":[{"name":"i"},{"name":"j"}],"containers":[{"name":"a"}]},"status":{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"running":{}}}]}}"#,
            ready: "0/1", status: "Init:0/2"),
        Case(
            testDescription: "init container failed",
            pod:
                #"{"spec":{"initContainers":[{"name":"i"}],"containers":[{"name":"a"}]},"status":{"phase":"Pending","initContainerStatuses":[{"name":"i","restartCount":2,"state":{"terminated":{"exitCode":3}}}]}}"#,
            ready: "0/1", status: "Init:ExitCode:3", restarts: "2"),
        Case(
            testDescription: "a started sidecar counts",
            pod:
                #"{"spec":{"initContainers":[{"name":"s","restartPolicy":"Always"}],"containers":[{"name":"a"}]},"status":{"phase":"Running","initContainerStatuses":[{"name":"s","ready":true,"started":true,"restartCount":1,"state":{"running":{}}}],"containerStatuses":[{"name":"a","ready":true,"restartCount":0,"state":{"running":{}}}]}}"#,
            ready: "2/2", status: "Running", restarts: "1"),
        Case(
            testDescription: "one completed, one running and ready",
            pod:
                #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}},{"name":"b","ready":true,"state":{"running":{}}}]}}"#,
            ready: "1/2", status: "Running"),
        Case(
            testDescription: "one completed, the pod not ready",
            pod:
                #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]},"status":{"phase":"Running","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}},{"name":"b","ready":true,"state":{"running":{}}}]}}"#,
            ready: "1/2", status: "NotReady"),
        Case(
            testDescription: "being deleted",
            pod:
                #"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Running"}}"#,
            ready: "0/1", status: "Terminating"),
        Case(
            testDescription: "evicted", pod: #"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Failed","reason":"Evicted"}}"#,
            ready: "0/1",
            status: "Evicted"),
        Case(
            testDescription: "held back by a gate",
            pod:
                #"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}}"#,
            ready: "0/1", status: "SchedulingGated"),
    ])
    func `the status columns follow kubectl`(example: Case) throws {
        let pod = Pod(KubeObject(try JSON.parse(Array(example.pod.utf8))))
        let summary = PodSummary(pod)
        #expect(summary.readyText == example.ready)
        #expect(summary.status == example.status)
        let now = try #require(Timestamp(rfc3339: "2026-01-01T00:05:00Z"))
        #expect(summary.restartsText(now: now) == example.restarts)
    }
}
