import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct DaemonSetControllerTests {
    private let controller = DaemonSetController()
    private let key = ObjectName(DaemonSet.resource, namespace: "default", name: "agent")

    private func world(_ nodes: [String], _ spec: JSONObject = [:]) -> ToyWorld {
        var set = DaemonSet(name: "agent", namespace: "default")
        set.object.uid = "set-uid"
        set.object.generation = 1
        set.object["spec"] = [
            "selector": ["matchLabels": ["app": "agent"]],
            "template": ["metadata": ["labels": ["app": "agent"]], "spec": ["containers": [["name": "a", "image": "one"]]]],
        ]
        for member in spec { set.object["spec", member.key] = member.value }
        var world = ToyWorld()
        world.put(set)
        for node in nodes { world.put(Node(name: node)) }
        return world
    }

    private func change(_ world: inout ToyWorld, _ body: (inout DaemonSet) -> Void) {
        var set = world.all(DaemonSet.self)[0]
        body(&set)
        set.object.generation += 1
        world.put(set)
    }

    private func setImage(_ image: String, _ world: inout ToyWorld) {
        change(&world) { $0.object["spec", "template", "spec", "containers"] = [["name": "a", "image": .string(image)]] }
    }

    private func nodes(_ world: ToyWorld) -> [String] { world.all(Pod.self).map(DaemonSetPlacement.node).sorted() }
    private func status(_ world: ToyWorld) -> DaemonSetStatus { world.all(DaemonSet.self)[0].status }
    private func images(_ world: ToyWorld) -> [String] { world.all(Pod.self).map { $0.spec.containers[0].image }.sorted() }

    @Test func `every node gets one pod, bound to it by its affinity`() throws {
        var world = world(["a", "b", "c"])
        world.settle(controller, key)
        #expect(nodes(world) == ["a", "b", "c"])
        let pod = try #require(world.all(Pod.self).first)
        let revision = try #require(world.all(ControllerRevision.self).first)
        #expect(pod.labels["controller-revision-hash"] == revision.labels["controller-revision-hash"])
        #expect(revision.name == "agent-\(pod.labels["controller-revision-hash"] ?? "")")
        #expect(pod.spec.tolerations.contains { $0.key == "node.kubernetes.io/unschedulable" })
        let status = status(world)
        #expect([status.desiredNumberScheduled, status.currentNumberScheduled, status.numberReady, status.numberAvailable] == [3, 3, 3, 3])
        #expect([status.updatedNumberScheduled, status.numberMisscheduled, status.numberUnavailable] == [3, 0, 0])
        #expect(status.observedGeneration == 1)
    }

    @Test func `nodes that the template leaves out have none`() {
        var world = world(["a", "b"])
        world.settle(controller, key)
        change(&world) { $0.object["spec", "template", "spec", "nodeSelector"] = ["color": "blue"] }
        world.settle(controller, key)
        #expect(world.all(Pod.self).isEmpty)
        var blue = Node(name: "b")
        blue.object.labels = ["color": "blue"]
        world.put(blue)
        world.settle(controller, key)
        #expect(nodes(world) == ["b"])
    }

    @Test func `the template's own terms hold besides the node's name`() {
        let terms: JSONValue = [["matchExpressions": [["key": "color", "operator": "In", "values": ["blue"]]]]]
        var world = world([])
        change(&world) {
            $0.object["spec", "template", "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"] = [
                "nodeSelectorTerms": terms
            ]
        }
        for (name, color) in [("a", "blue"), ("b", "green")] {
            var node = Node(name: name)
            node.object.labels = ["color": color]
            world.put(node)
        }
        world.settle(controller, key)
        #expect(nodes(world) == ["a"])
        let term = world.all(Pod.self)[0].spec.affinity.requiredNodeTerms?.first
        #expect(term?.matchExpressions.count == 1)
        #expect(term?.matchFields.count == 1)
    }

    @Test(arguments: [("NoSchedule", true), ("NoExecute", false), ("PreferNoSchedule", true)])
    func `a taint keeps new pods away, and ends old ones only when it says so`(_ effect: String, _ stays: Bool) {
        var world = world(["a"])
        world.settle(controller, key)
        var node = Node(name: "a")
        node.object["spec"] = ["taints": [["key": "mine", "effect": .string(effect)]]]
        world.put(node)
        world.settle(controller, key)
        #expect(world.all(Pod.self).isEmpty != stays)
        for pod in world.all(Pod.self) { world.remove(Pod.resource, pod.name) }
        world.settle(controller, key)
        #expect(world.all(Pod.self).isEmpty == (effect != "PreferNoSchedule"))
    }

    @Test func `a cordoned node has its pod all the same`() {
        var world = world(["a"])
        var node = Node(name: "a")
        node.object["spec"] = ["unschedulable": true, "taints": [["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"]]]
        world.put(node)
        world.settle(controller, key)
        #expect(nodes(world) == ["a"])
    }

    @Test func `a failed pod is replaced, at most one in ten seconds`() {
        var world = world(["a"])
        world.settle(controller, key)
        var pod = world.all(Pod.self)[0]
        pod.object["status"] = ["phase": "Failed"]
        world.put(pod)
        let early = controller.reconcile(key, world.caches, now: world.now.advanced(by: .seconds(4)))
        #expect(early.deletions.isEmpty)
        #expect(early.again == .seconds(6))
        world.now = world.now.advanced(by: .seconds(10))
        world.settle(controller, key)
        #expect(world.all(Pod.self).map(\.name) != [pod.name])
        #expect(world.all(Pod.self).count == 1)
    }

    @Test(arguments: [(JSONValue.integer(1), 1), (.integer(2), 2), (.string("50%"), 2)])
    func `an update takes as many nodes at a time as may be without`(_ most: JSONValue, _ expected: Int) {
        var world = world(["a", "b", "c", "d"], ["updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": most]]])
        world.settle(controller, key)
        setImage("two", &world)
        let first = world.step(controller, key)
        #expect(first.deletions.count == expected)
        world.settle(controller, key)
        #expect(images(world) == ["two", "two", "two", "two"])
        #expect(world.all(ControllerRevision.self).map(\.revision).sorted() == [1, 2])
    }

    @Test func `an update that does not start stops, and going back leaves good pods alone`() {
        var world = world(["a", "b", "c"])
        world.settle(controller, key)
        let good = Set(world.all(Pod.self).map(\.name))
        world.broken = ["agent-"]
        setImage("missing", &world)
        world.settle(controller, key)
        #expect(images(world) == ["missing", "one", "one"])
        world.broken = []
        setImage("one", &world)
        world.settle(controller, key)
        #expect(images(world) == ["one", "one", "one"])
        #expect(good.intersection(world.all(Pod.self).map(\.name)).count == 2)
        #expect(world.all(ControllerRevision.self).map(\.revision).sorted() == [2, 3])
    }

    @Test func `a surging update starts the new pod before it ends the old one`() {
        let strategy: JSONValue = ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1, "maxUnavailable": 0]]
        var world = world(["a", "b"], ["updateStrategy": strategy, "minReadySeconds": 5])
        world.settle(controller, key)
        world.now = world.now.advanced(by: .seconds(5))
        setImage("two", &world)
        let first = world.step(controller, key)
        #expect(first.creations.filter { $0.kind == "Pod" }.count == 1)
        #expect(first.deletions.isEmpty)
        #expect(world.all(Pod.self).count == 3)
        world.settle(controller, key)
        #expect(controller.reconcile(key, world.caches, now: world.now.advanced(by: .seconds(2))).again == .seconds(3))
        for _ in 0..<2 {
            world.now = world.now.advanced(by: .seconds(5))
            world.settle(controller, key)
        }
        #expect(images(world) == ["two", "two"])
        #expect(nodes(world) == ["a", "b"])
    }

    @Test func `OnDelete replaces nothing by itself`() {
        var world = world(["a"], ["updateStrategy": ["type": "OnDelete"]])
        world.settle(controller, key)
        setImage("two", &world)
        world.settle(controller, key)
        #expect(images(world) == ["one"])
        #expect(status(world).updatedNumberScheduled == 0)
    }

    @Test func `a second revision of the same template takes the first one's pods`() throws {
        var world = world(["a"])
        world.settle(controller, key)
        var copy = world.all(ControllerRevision.self)[0]
        copy.object.name = "agent-copy"
        copy.object.uid = "copy"
        copy.object.labels["controller-revision-hash"] = "copy"
        copy.revision = 2
        world.put(copy)
        world.settle(controller, key)
        #expect(world.all(ControllerRevision.self).map(\.name) == ["agent-copy"])
        #expect(world.all(Pod.self).map { $0.labels["controller-revision-hash"] } == ["copy"])
    }
}
