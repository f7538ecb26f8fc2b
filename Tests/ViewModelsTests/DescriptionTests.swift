import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import ViewModels

@Suite struct DescriptionTests {
    private let now = Timestamp(rfc3339: "2026-03-01T10:10:00Z")!

    private func pod(_ yaml: String) throws -> Pod { Pod(KubeObject(try YAML.parseSingle(yaml).value)) }
    private func event(_ reason: String, _ message: String, type: String = "Warning", count: Int64 = 1) -> Event {
        Event(
            KubeObject([
                "reason": .string(reason), "message": .string(message), "type": .string(type), "count": .integer(count),
                "lastTimestamp": "2026-03-01T10:09:00Z", "metadata": ["name": .string(reason)],
                "involvedObject": ["kind": "Pod", "name": "web-1", "uid": "u1"],
            ]))
    }
    private func text(_ lines: [[TextSpan]]) -> String {
        lines.map { $0.map(\.text).joined().replacing("\n", with: "⏎") }.map { String($0.reversed().drop { $0 == " " }.reversed()) }.joined(
            separator: "\n")
    }

    private static let crashing = """
        apiVersion: v1
        kind: Pod
        metadata:
          name: web-1
          namespace: default
          uid: u1
          creationTimestamp: "2026-03-01T10:00:00Z"
          labels: {app: web}
          ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: r1, controller: true}]
        spec:
          nodeName: node-1
          restartPolicy: Always
          containers:
          - name: app
            image: kdash.dev/demo:1
            args: [fail]
            env: [{name: A, value: b}, {name: S, valueFrom: {secretKeyRef: {name: keys, key: k}}}]
            resources: {limits: {cpu: 250m, memory: 64Mi}}
            volumeMounts: [{name: tmp, mountPath: /tmp}]
          volumes: [{name: tmp, emptyDir: {}}]
        status:
          phase: Running
          podIP: 10.42.0.7
          conditions: [{type: Ready, status: "False", reason: ContainersNotReady, message: "containers with unready status: [app]"}]
          containerStatuses:
          - name: app
            image: kdash.dev/demo:1
            ready: false
            restartCount: 4
            state: {waiting: {reason: CrashLoopBackOff, message: back-off 1m20s restarting failed container}}
            lastState: {terminated: {exitCode: 7, reason: Error, startedAt: "2026-03-01T10:08:00Z", finishedAt: "2026-03-01T10:08:30Z"}}
        """

    @Test func `a description reads from top to bottom`() throws {
        let lines = PodDescription.lines(
            try pod(Self.crashing), events: [event("BackOff", "Back-off restarting failed container", count: 9)], now: now)
        #expect(
            text(lines) == """
                Pod
                  name          web-1
                  namespace     default
                  uid           u1
                  status        CrashLoopBackOff  back-off 1m20s restarting failed container
                  created       2026-03-01T10:00:00Z, 10m ago
                  owner         ReplicaSet web
                  node          node-1
                  address       10.42.0.7
                  restart       Always
                  grace         30 s
                  class         Guaranteed
                  labels        app=web

                Container app
                  image         kdash.dev/demo:1
                  command       fail
                  state         waiting: CrashLoopBackOff
                  because       back-off 1m20s restarting failed container
                  last state    exit 7 (Error) 90s ago, ran 30s
                  ready         no
                  restarts      4
                  limits        cpu 250m, memory 64Mi
                  environment   A=b
                                S=<secretKeyRef keys: k>
                  mounts        /tmp from tmp

                Conditions
                  Ready         False  ContainersNotReady  containers with unready status: [app]

                Volumes
                  tmp           emptyDir

                Events, newest first
                     60s  BackOff x9  Back-off restarting failed container
                """)
    }

    @Test func `why names the most likely cause first`() throws {
        let facts = WhyFacts(
            subject: try pod(Self.crashing).object, events: [event("BackOff", "Back-off restarting failed container")], now: now)
        let lines = WhyReport.lines(facts)
        #expect(
            text(lines) == """
                Why  CrashLoopBackOff
                  container app keeps ending: exit 7 (Error), 4 restarts
                    it waits before it starts again; p shows the log of the instance before

                Last exits
                  app           exit 7 (Error) 90s ago, ran 30s

                Conditions that do not hold
                  Ready         ContainersNotReady  containers with unready status: [app]

                What happened, newest first
                     60s  event   BackOff: Back-off restarting failed container
                     90s  node    container app ended: exit 7 (Error)
                     10m  server  created
                """)
    }

    @Test(arguments: [
        ("1 node(s) didn't match Pod's node affinity/selector", "compare spec.nodeSelector"),
        ("1 node(s) didn't match pod affinity rules", "spec.affinity.podAffinity wants pods near"),
        ("1 node(s) didn't match pod anti-affinity rules", "spec.affinity.podAntiAffinity keeps it from nodes"),
        ("1 node(s) didn't satisfy existing pods anti-affinity rules", "pods that run there do not want it near"),
        ("1 node(s) didn't match pod topology spread constraints", "allows no more there until"),
        ("1 node(s) didn't match pod topology spread constraints (missing required label)", "nodes lack a label"),
    ])
    func `what to look at fits the rule that keeps a pod off`(why: String, remedy: String) {
        let remedies = PodDiagnosis.placementRemedies("0/1 nodes are available: \(why).")
        #expect(remedies.count == 1 && remedies[0].contains(remedy))
    }

    @Test func `nodes without the label of a spreading rule and nodes that are full get both remedies`() {
        let rule = "node(s) didn't match pod topology spread constraints"
        let remedies = PodDiagnosis.placementRemedies("0/3 nodes are available: 1 \(rule) (missing required label), 2 \(rule).")
        #expect(remedies.count == 2 && remedies[0].contains("raise maxSkew") && remedies[1].contains("nodes lack a label"))
    }

    @Test(arguments: [
        (
            "spec: {containers: [{name: a, resources: {requests: {cpu: \"1000\"}}}]}\nstatus: {phase: Pending, conditions: [{type: PodScheduled, status: \"False\", reason: Unschedulable, message: \"0/1 nodes are available: 1 Insufficient cpu.\"}]}",
            "no node fits it"
        ),
        (
            "spec: {nodeName: node-1, containers: [{name: a}]}\nstatus: {phase: Pending, containerStatuses: [{name: a, image: \"no/such:1\", state: {waiting: {reason: ImagePullBackOff}}}]}",
            "container a has no image no/such:1"
        ),
        (
            "spec: {nodeName: node-1, restartPolicy: Never, containers: [{name: a}]}\nstatus: {phase: Failed, containerStatuses: [{name: a, state: {terminated: {exitCode: 137, reason: OOMKilled}}}]}",
            "container a ended: killed: out of memory (exit 137)"
        ),
        (
            "spec: {nodeName: node-1, containers: [{name: a}]}\nstatus: {phase: Pending, initContainerStatuses: [{name: i, state: {terminated: {exitCode: 3, reason: Error}}}], containerStatuses: [{name: a, state: {waiting: {reason: PodInitializing}}}]}",
            "init container i ended: exit 3 (Error)"
        ),
        (
            "spec: {nodeName: node-1, containers: [{name: a}]}\nstatus: {phase: Running, conditions: [{type: Ready, status: \"False\"}], containerStatuses: [{name: a, ready: false, state: {running: {}}}]}",
            "container a runs, but is not ready"
        ),
    ])
    func `each trouble is put in words`(yaml: String, expected: String) throws {
        let causes = PodDiagnosis(try pod("metadata: {name: p, uid: u}\n\(yaml)"), events: [], now: now).causes
        #expect(causes.first?.text == expected)
    }

    @Test func `a healthy pod has no cause`() throws {
        let yaml =
            "metadata: {name: p}\nspec: {nodeName: node-1, containers: [{name: a}]}\nstatus: {phase: Running, conditions: [{type: Ready, status: \"True\"}], containerStatuses: [{name: a, ready: true, state: {running: {}}}]}"
        #expect(PodDiagnosis(try pod(yaml), events: [], now: now).causes.isEmpty)
    }
}
