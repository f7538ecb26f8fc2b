import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ClusterOperations
@testable import TerminalUI
@testable import ViewModels

@MainActor @Suite struct TimeGoldenTests {
    nonisolated static let sizes = [(60, 15), (80, 24), (120, 40), (200, 50)]

    private func deployment(_ replicas: Int64, _ image: String, manager: String, _ second: Int) -> JSONValue {
        [
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": [
                "name": "web", "namespace": "demo", "uid": "d0",
                "managedFields": [["manager": .string(manager), "time": .string("2026-02-28T11:59:\(second < 10 ? "0" : "")\(second)Z")]],
            ],
            "spec": ["replicas": .integer(replicas), "template": ["spec": ["containers": [["name": "app", "image": .string(image)]]]]],
            "status": ["readyReplicas": .integer(replicas)],
        ]
    }

    private func item(_ revision: Int, _ previous: Int, _ second: Int, _ type: String, _ user: String, _ object: JSONValue?) -> JSONValue {
        var item: JSONValue = [
            "revision": .string(String(revision)), "previous": .string(String(previous)),
            "time": .string("2026-02-28T11:59:\(second < 10 ? "0" : "")\(second).25Z"), "user": .string(user), "type": .string(type),
            "name": "web", "namespace": "demo", "uid": "d0",
        ]
        if let object { item["object"] = object }
        return item
    }

    private func history() -> ObjectHistory? {
        let controller = "system:serviceaccount:kube-system:deployment-controller"
        let (one, two) = ("kdash.dev/demo:1", "kdash.dev/demo:2")
        let scaled = deployment(5, two, manager: "hpa", 40)
        let items = [
            item(4790, 4733, 50, "deleted", "system:serviceaccount:kube-system:namespace-controller", scaled),
            item(4733, 4712, 40, "changed", "autoscaler", scaled),
            item(4712, 4711, 31, "status", controller, deployment(2, two, manager: "kdash", 31)),
            item(4711, 4700, 30, "changed", "alice", deployment(2, two, manager: "kubectl-edit", 30)),
            item(4700, 0, 5, "created", "alice", deployment(2, one, manager: "kubectl-create", 5)),
        ]
        return ObjectHistory([
            "kind": "ObjectHistory", "metadata": ["resourceVersion": "4801"],
            "kept": [
                "versionSeconds": 604_800, "versionBytes": 268_435_456, "stateSeconds": 86_400, "stateBytes": 134_217_728,
                "statesSince": "2026-02-28T11:30:00Z",
            ],
            "items": .array(items),
        ])
    }

    private func list() -> WrittenList {
        let deployments = GroupVersionResource(group: "apps", version: "v1", resource: "deployments")
        return WrittenList(resource: deployments, kind: "Deployment", name: "web", place: "Deployment demo/web", history: history(), marked: 4700)
    }

    private func check(_ model: DetailModel, _ name: String, _ size: (Int, Int)) {
        let app = FakeCluster.app()
        app.detail = model
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "\(name)-\(size.0)x\(size.1)")
    }

    @Test(arguments: sizes)
    func `the versions of an object are listed`(size: (Int, Int)) {
        let model = DetailModel(title: "Versions", kind: .revisions, binding: nil)
        let text = RevisionText.list(list(), now: FakeCluster.now)
        model.show(text.lines, stops: text.stops)
        model.moveSelection(by: 1)
        check(model, "versions", size)
    }

    @Test(arguments: [(80, 24)])
    func `a version tells what it changed`(size: (Int, Int)) {
        let model = DetailModel(title: "Version 4711", kind: .revisions, binding: nil)
        var list = list()
        list.marked = nil
        model.lines = RevisionText.page(list.versions[3], list, now: FakeCluster.now)
        check(model, "version", size)
    }

    private func pods(_ ready: String) -> ServerTable? {
        func row(_ name: String, _ ready: String, _ status: String, _ made: String) -> JSONValue {
            [
                "cells": [.string(name), .string(ready), .string(status), 0, "5s"],
                "object": ["metadata": ["name": .string(name), "namespace": "demo", "uid": .string("u-\(name)"), "creationTimestamp": .string(made)]],
            ]
        }
        return ServerTable([
            "kind": "Table",
            "columnDefinitions": [
                ["name": "Name", "type": "string", "priority": 0], ["name": "Ready", "type": "string", "priority": 0],
                ["name": "Status", "type": "string", "priority": 0], ["name": "Restarts", "type": "integer", "priority": 0],
                ["name": "Age", "type": "string", "priority": 0],
            ],
            "rows": [
                row("web", ready, "Running", "2026-02-28T11:59:05Z"), row("worker-7d9c-abcde", "0/1", "CrashLoopBackOff", "2026-02-28T09:00:00Z"),
            ],
        ])
    }

    @Test(arguments: sizes)
    func `a table of the past says plainly that it is one`(size: (Int, Int)) {
        let model = DetailModel(title: "The past of pods", kind: .past, binding: nil)
        model.hints = [("past.older", "change before"), ("past.newer", "after"), ("past.minuteBack", "minute"), ("past.moment", "moment")]
        var view = PastView(kind: .pods, scope: .all, changes: history()?.versions ?? [], history: history(), moment: .change(3))
        view.table = pods("1/1")
        model.show(PastText.table(view, like: ResourcesModel(signal: ChangeSignal(), title: ""), now: FakeCluster.now))
        check(model, "past", size)
    }

    @Test(arguments: [(80, 24)])
    func `a table from before states were kept says so`(size: (Int, Int)) throws {
        let model = DetailModel(title: "The past of pods", kind: .past, binding: nil)
        var view = PastView(kind: .pods, scope: .all, changes: history()?.versions ?? [], history: history())
        view.moment = .time(try #require(Timestamp(rfc3339: "2026-02-28T11:00:00Z")))
        view.table = pods("0/1")
        model.show(PastText.table(view, like: ResourcesModel(signal: ChangeSignal(), title: ""), now: FakeCluster.now))
        check(model, "past-without-states", size)
    }

    private func whatIf() throws -> WhatIf {
        let old = KubeObject(deployment(2, "kdash.dev/demo:1", manager: "kdash", 5))
        let new = KubeObject(deployment(3, "kdash.dev/demo:2", manager: "kdash", 5))
        var pods = PodOutlook(forecast: try #require(RolloutForecast(from: old, to: new)))
        pods.placements = [Trial.Placement(node: "node-1", message: ""), Trial.Placement(node: nil, message: "0/2 nodes are available: 2 Insufficient cpu.")]
        pods.obstacles = ["node-1": [], "node-2": ["node(s) were unschedulable"]]
        pods.images = [PodOutlook.Image(image: "kdash.dev/demo:2", nodes: ["node-1"], nodeCount: 2, isAlwaysPulled: false, isNeverPulled: false)]
        pods.missing = PodNeed.all(of: ["volumes": [["configMap": ["name": "settings"]]]])
        pods.quotas = [PodOutlook.QuotaUse(quota: "team", resource: "pods", used: Quantity(value: 9), added: Quantity(value: 2), hard: Quantity(value: 10))]
        pods.budgets = ["web allows 1 disruption now; replacing pods does not ask it, drains and evictions do"]
        var found = WhatIf()
        found.consequences = [
            WhatIf.Consequence(
                title: "Deployment demo/web", isNew: false,
                defaults: [FieldChanges.Change(path: "spec.progressDeadlineSeconds", old: nil, new: 600)], pods: pods)
        ]
        let text = """
            {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: demo}, rules: [{verbs: [get], apiGroups: [""], resources: [pods]}]}
            ---
            {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: demo}, roleRef: {kind: Role, name: r}, subjects: [{kind: User, name: ann}]}
            """
        let objects = try YAML.parse(text).map { KubeObject($0.value) }
        var role = objects[0]
        role["rules"] = [["verbs": ["list"], "apiGroups": [""], "resources": ["secrets"]]]
        found.access = AccessChange(from: objects, changed: [role])
        return found
    }

    @Test(arguments: sizes)
    func `what would follow from applying is told`(size: (Int, Int)) throws {
        let model = DetailModel(title: "What if it is applied", binding: nil)
        model.isLive = false
        model.lines = WhatIfText.make(try whatIf()).lines
        check(model, "what-if", size)
    }

    @Test(arguments: [(80, 24), (120, 40)])
    func `whether a pod reaches a service is told`(size: (Int, Int)) {
        func end(_ name: String) -> NetworkEnd {
            NetworkEnd(pod: KubeObject(["metadata": ["name": .string(name), "namespace": "demo"]]), namespaceLabels: [:])
        }
        let policy = KubeObject(["metadata": ["name": "closed", "namespace": "demo"], "spec": ["podSelector": .object([:]), "policyTypes": ["Ingress"]]])
        let port = NetworkPort(number: 8080)
        var reach = NetworkReach()
        reach.target = "service demo/web port 80"
        reach.notes = ["1 of its endpoints is not ready and gets no connections"]
        reach.ways = [
            NetworkReach.Way(
                pod: "demo/web-1", port: port,
                egress: PolicyVerdict(.egress, of: end("db"), with: end("web-1"), port: port, policies: [policy]),
                ingress: PolicyVerdict(.ingress, of: end("web-1"), with: end("db"), port: port, policies: [policy]), isDeclared: true)
        ]
        let model = DetailModel(title: "Can it reach", binding: nil)
        model.isLive = false
        reach.isEnforced = true
        model.lines = ReachText.make(reach, from: "demo/db").lines
        check(model, "reach", size)
    }
}
