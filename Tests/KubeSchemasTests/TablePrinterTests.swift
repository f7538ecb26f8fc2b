import APIMachinery
import JSONCore
import LinuxKernel
import Testing

@testable import KubeSchemas

@Suite struct TablePrinterTests {
    private let now = Timestamp(seconds: 1_767_225_600)

    private func row(_ kind: GroupVersionKind, _ json: String) throws -> [String: JSONValue] {
        let descriptor = try #require(builtinSchemas.resource(kind: kind))
        let columns = TablePrinter.columns(for: descriptor)
        let cells = TablePrinter.cells(KubeObject(try JSON.parse(Array(json.utf8))), descriptor: descriptor, now: now)
        #expect(columns.count == cells.count)
        return Dictionary(zip(columns.map(\.name), cells)) { first, _ in first }
    }

    @Test func `every served kind has as many cells as columns`() {
        for descriptor in builtinSchemas.resources {
            let cells = TablePrinter.cells(KubeObject([:]), descriptor: descriptor, now: now)
            #expect(cells.count == TablePrinter.columns(for: descriptor).count, "\(descriptor.kind)")
        }
    }

    @Test func `a deployment shows its numbers`() throws {
        let cells = try row(
            Deployment.kind,
            #"{"metadata":{"name":"web","creationTimestamp":"2025-12-31T23:55:00Z"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"spec":{"containers":[{"name":"a","image":"i:1"}]}}},"status":{"readyReplicas":2,"updatedReplicas":3,"availableReplicas":2}}"#
        )
        #expect(cells["Ready"] == "2/3")
        #expect(cells["Up-to-date"] == 3)
        #expect(cells["Age"] == "5m")
        #expect(cells["Images"] == "i:1")
        #expect(cells["Selector"] == "app=web")
    }

    @Test func `a node shows roles and a cordon`() throws {
        let cells = try row(
            Node.kind,
            #"{"metadata":{"name":"n","labels":{"node-role.kubernetes.io/control-plane":""}},"spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}],"addresses":[{"type":"InternalIP","address":"10.0.0.1"}],"nodeInfo":{"kubeletVersion":"v1.36.0"}}}"#
        )
        #expect(cells["Status"] == "Ready,SchedulingDisabled")
        #expect(cells["Roles"] == "control-plane")
        #expect(cells["Internal-IP"] == "10.0.0.1")
        #expect(cells["External-IP"] == "<none>")
        #expect(cells["OS-Image"] == "<unknown>")
    }

    @Test func `a service shows addresses and ports`() throws {
        let cells = try row(
            Service.kind,
            #"{"metadata":{"name":"s"},"spec":{"type":"NodePort","clusterIP":"10.96.0.9","ports":[{"port":80,"nodePort":30080,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]}}"#
        )
        #expect(cells["Cluster-IP"] == "10.96.0.9")
        #expect(cells["Port(s)"] == "80:30080/TCP,53/UDP")
        #expect(cells["External-IP"] == "<none>")
    }

    @Test func `a job shows completions and how long it took`() throws {
        let cells = try row(
            Job.kind,
            #"{"metadata":{"name":"j"},"spec":{"completions":3},"status":{"succeeded":3,"startTime":"2025-12-31T23:00:00Z","completionTime":"2025-12-31T23:01:05Z","conditions":[{"type":"Complete","status":"True"}]}}"#
        )
        #expect(cells["Status"] == "Complete")
        #expect(cells["Completions"] == "3/3")
        #expect(cells["Duration"] == "65s")
    }

    @Test func `an event shows what it is about in both groups`() throws {
        let core = try row(
            Event.kind,
            #"{"metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"web"},"reason":"Pulled","message":" done ","type":"Normal","count":4,"lastTimestamp":"2025-12-31T23:59:00Z","firstTimestamp":"2025-12-31T23:50:00Z"}"#
        )
        #expect(core["Object"] == "pod/web")
        #expect(core["Last Seen"] == "60s")
        #expect(core["First Seen"] == "10m")
        #expect(core["Message"] == "done")
        let modern = try row(
            GroupVersionKind(group: "events.k8s.io", version: "v1", kind: "Event"),
            #"{"metadata":{"name":"e"},"regarding":{"kind":"Node","name":"n"},"reason":"Ready","note":"up","type":"Normal","eventTime":"2025-12-31T23:59:30.000000Z"}"#
        )
        #expect(modern["Object"] == "node/n")
        #expect(modern["Message"] == "up")
        #expect(modern["Last Seen"] == "30s")
    }
}
