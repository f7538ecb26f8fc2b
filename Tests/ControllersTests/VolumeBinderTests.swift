import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import Testing

@testable import Controllers

private typealias Annotation = PersistentVolumeClaim.Annotation

private func claim(_ name: String = "data", size: String = "1Gi", spec: JSONObject = [:], annotations: [String: String] = [:]) -> PersistentVolumeClaim {
    var claim = PersistentVolumeClaim(name: name, namespace: "default")
    claim.object.uid = "uid-\(name)"
    claim.object.annotations = annotations
    var whole: JSONObject = ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": .string(size)]], "storageClassName": "fast"]
    for member in spec { whole[member.key] = member.value }
    claim.object["spec"] = .object(whole)
    claim.object["status"] = ["phase": "Pending"]
    return claim
}

private func volume(_ name: String, size: String = "1Gi", phase: String = "Available", spec: JSONObject = [:]) -> PersistentVolume {
    var volume = PersistentVolume(name: name)
    volume.object.uid = "uid-\(name)"
    var whole: JSONObject = [
        "capacity": ["storage": .string(size)], "accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "storageClassName": "fast",
        "hostPath": ["path": "/srv"], "persistentVolumeReclaimPolicy": "Retain",
    ]
    for member in spec { whole[member.key] = member.value }
    volume.object["spec"] = .object(whole)
    volume.object["status"] = ["phase": .string(phase)]
    return volume
}

private func storageClass(waits: Bool, provisioner: String = StorageClass.localProvisioner) -> StorageClass {
    var result = StorageClass(name: "fast")
    result.object["provisioner"] = .string(provisioner)
    result.object["reclaimPolicy"] = "Delete"
    result.object["volumeBindingMode"] = waits ? "WaitForFirstConsumer" : "Immediate"
    return result
}

private func reference(_ claim: PersistentVolumeClaim, uid: String? = nil) -> JSONValue {
    ["kind": "PersistentVolumeClaim", "namespace": "default", "name": .string(claim.name), "uid": .string(uid ?? claim.uid)]
}

/// A volume as the local provisioner makes it, for a claim.
private func provisioned(_ claim: PersistentVolumeClaim, phase: String = "Bound") -> PersistentVolume {
    var made = LocalVolume.make(for: claim, of: storageClass(waits: false))
    made.object.uid = "uid-\(made.name)"
    made.object["status"] = ["phase": .string(phase)]
    return made
}

private func reconcile(_ view: some KubeView, _ others: [any KubeView] = []) -> Reconciliation {
    var caches = FixedCaches()
    caches.add(view)
    for other in others { caches.add(other) }
    return VolumeBinder().reconcile(ObjectName(type(of: view).resource, view.object), caches, now: start)
}

extension Reconciliation {
    fileprivate var events: [String] {
        changes.compactMap { if case .event(_, _, let reason, let message) = $0 { "\(reason): \(message)" } else { nil } }
    }
}

struct VolumeMatchTests {
    @Test func `a claim gets the smallest volume that will do`() {
        let all = [volume("large", size: "9Gi"), volume("b", size: "2Gi"), volume("a", size: "2Gi"), volume("small", size: "1Gi")]
        #expect(VolumeMatch.best(for: claim(size: "2Gi"), among: all)?.name == "a")
        #expect(VolumeMatch.best(for: claim(size: "10Gi"), among: all) == nil)
    }

    @Test(
        arguments: [
            ("too small", ["capacity": ["storage": "1Mi"]], "Available"), ("of another class", ["storageClassName": "slow"], "Available"),
            ("of no class", ["storageClassName": ""], "Available"), ("for other uses", ["accessModes": ["ReadOnlyMany"]], "Available"),
            ("a device", ["volumeMode": "Block"], "Available"), ("not free yet", [:], "Pending"), ("used before", [:], "Released"),
            ("another's", ["claimRef": ["namespace": "default", "name": "other"]], "Available"),
            ("an earlier claim's", ["claimRef": ["namespace": "default", "name": "data", "uid": "old"]], "Available"),
        ] as [(String, JSONObject, String)])
    func `a volume that will not do is left`(why: String, spec: JSONObject, phase: String) {
        #expect(VolumeMatch.best(for: claim(), among: [volume("v", phase: phase, spec: spec)]) == nil, "\(why)")
    }

    @Test func `a volume that goes is left, and a selector chooses by labels`() {
        var leaving = volume("leaving")
        leaving.object["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        #expect(VolumeMatch.best(for: claim(), among: [leaving]) == nil)
        var marked = volume("marked", size: "5Gi")
        marked.object.labels = ["speed": "high"]
        let choosy = claim(spec: ["selector": ["matchLabels": ["speed": "high"]]])
        #expect(VolumeMatch.best(for: choosy, among: [volume("plain"), marked])?.name == "marked")
    }

    @Test func `a volume that is kept for a claim comes first, also for one that waits for its pod`() {
        let kept = volume("kept", size: "9Gi", phase: "Pending", spec: ["claimRef": reference(claim(), uid: "")])
        #expect(VolumeMatch.best(for: claim(), among: [volume("a"), kept])?.name == "kept")
        #expect(VolumeMatch.best(for: claim(), among: [volume("a"), kept], isDelayed: true)?.name == "kept")
        #expect(VolumeMatch.best(for: claim(), among: [volume("a")], isDelayed: true) == nil)
    }
}

struct ClaimBindingTests {
    @Test func `a claim and its volume come to know each other in four writes`() throws {
        var (theClaim, theVolume) = (claim(), volume("v"))
        let kept = try #require(reconcile(theClaim, [theVolume, storageClass(waits: false)]).updates.first)
        #expect(kept["spec", "claimRef", "uid"] == "uid-data" && kept.annotations[Annotation.boundByController] == "yes")
        theVolume.object = kept
        let named = reconcile(theClaim, [theVolume])
        #expect(named.changes.count == 1)
        theClaim.object = try #require(named.updates.first)
        #expect(theClaim.isBound && theClaim.volumeName == "v" && theClaim.object.annotations[Annotation.boundByController] == "yes")
        let status = try #require(reconcile(theClaim, [theVolume]).status)
        #expect(
            status["status"] == [
                "phase": "Bound", "capacity": ["storage": "1Gi"], "accessModes": ["ReadWriteOnce", "ReadOnlyMany"],
            ])
        theClaim.object = status
        #expect(reconcile(theVolume, [theClaim]).status?["status", "phase"] == "Bound")
        theVolume.object["status", "phase"] = "Bound"
        #expect(reconcile(theClaim, [theVolume]).changes.isEmpty && reconcile(theVolume, [theClaim]).changes.isEmpty)
    }

    @Test func `a claim that waits for its pod says for which`() {
        let waiting = reconcile(claim(), [storageClass(waits: true), volume("v")])
        #expect(waiting.events == ["WaitForFirstConsumer: waiting for first consumer to be created before binding"])
        var user = pod("web", node: "")
        user.object["spec", "volumes"] = [["name": "v", "persistentVolumeClaim": ["claimName": "data"]]]
        #expect(reconcile(claim(), [storageClass(waits: true), user]).events == ["WaitForPodScheduled: waiting for pod web to be scheduled"])
    }

    @Test(arguments: [false, true])
    func `a claim that finds nothing gets a volume made, once it may`(waits: Bool) throws {
        var one = claim(annotations: waits ? [Annotation.selectedNode: "n1"] : [:])
        let marked = reconcile(one, [storageClass(waits: waits)])
        #expect(marked.creations.isEmpty && marked.updates.first?.annotations[Annotation.storageProvisioner] == StorageClass.localProvisioner)
        one.object = try #require(marked.updates.first)
        let made = reconcile(one, [storageClass(waits: waits)])
        let volume = PersistentVolume(try #require(made.creations.first))
        #expect(made.events == ["ProvisioningSucceeded: Successfully provisioned volume pvc-uid-data"])
        #expect(volume.provisioner == StorageClass.localProvisioner && volume.isFor(one) && LocalVolume.owns(volume))
        #expect(volume.reclaimPolicy == "Delete" && volume.className == "fast" && volume.capacity == one.request)
        #expect(volume.isReachable(fromNode: "n1", labels: ["kubernetes.io/hostname": "n1"]))
        #expect(volume.isReachable(fromNode: "n2", labels: ["kubernetes.io/hostname": "n2"]) == !waits)
        // Its directory is there before the claim knows it.
        let bound = reconcile(one, [volume, storageClass(waits: waits)]).changes
        #expect(bound.count == 2 && bound.first == .makeVolume("pvc-uid-data"))
    }

    @Test func `a claim for many nodes is not tied to the first`() {
        let shared = claim(spec: ["accessModes": ["ReadWriteMany"]], annotations: [Annotation.selectedNode: "n1"])
        #expect(provisioned(shared).isReachable(fromNode: "n2", labels: ["kubernetes.io/hostname": "n2"]))
    }

    @Test(
        arguments: [
            (["storageClassName": ""], nil, "FailedBinding: no persistent volumes available for this claim and no storage class is set"),
            (["storageClassName": "fast"], nil, "ProvisioningFailed: storageclass.storage.k8s.io \"fast\" not found"),
            (["volumeMode": "Block"], StorageClass.localProvisioner, "volumeMode Block is not supported"),
            (["selector": ["matchLabels": ["a": "b"]]], StorageClass.localProvisioner, "claim.spec.selector is not supported"),
            ([:], "example.com/other", "ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'example.com/other'"),
        ] as [(JSONObject, String?, String)])
    func `a claim that gets nothing says why`(spec: JSONObject, provisioner: String?, text: String) {
        let one = claim(spec: spec, annotations: [Annotation.storageProvisioner: provisioner ?? ""])
        let classes = provisioner.map { [storageClass(waits: false, provisioner: $0)] } ?? []
        let result = reconcile(one, classes)
        #expect(result.creations.isEmpty && result.updates.isEmpty)
        #expect(result.events.contains { $0.contains(text) }, "\(result.events)")
    }

    @Test func `a volume that a claim names itself must fit and be free`() {
        let named = claim(size: "2Gi", spec: ["volumeName": "v"])
        #expect(reconcile(named).changes.isEmpty)
        #expect(reconcile(named, [volume("v")]).events == ["VolumeMismatch: Cannot bind to requested volume \"v\": requested PV is too small"])
        let taken = volume("v", size: "2Gi", spec: ["claimRef": reference(claim("other"))])
        #expect(reconcile(named, [taken]).events == ["FailedBinding: volume \"v\" already bound to a different claim."])
        #expect(reconcile(named, [volume("v", size: "2Gi")]).updates.first?["spec", "claimRef", "uid"] == "uid-data")
    }

    @Test func `a claim whose volume is gone or another's is lost`() {
        var one = claim(spec: ["volumeName": "v"], annotations: [Annotation.bindCompleted: "yes"])
        one.object["status"] = ["phase": "Bound", "capacity": ["storage": "1Gi"]]
        #expect(reconcile(one).status?["status"] == ["phase": "Lost"])
        #expect(reconcile(one).events == ["ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!"])
        #expect(reconcile(one, [volume("v", spec: ["claimRef": reference(claim("other"))])]).events.first?.hasPrefix("ClaimMisbound") == true)
        one.object["status"] = ["phase": "Lost"]
        #expect(reconcile(one).changes.isEmpty)
    }
}

struct VolumeReclaimTests {
    @Test func `a volume whose claim is gone is released, and only when the server says so too`() {
        let one = volume("v", phase: "Bound", spec: ["claimRef": reference(claim())])
        let result = reconcile(one)
        #expect(result.changes.first == .requireAbsent(ObjectName(PersistentVolumeClaim.resource, claim().object), uid: "uid-data"))
        #expect(result.status?["status", "phase"] == "Released")
        #expect(reconcile(one, [claim("data", spec: ["volumeName": "v"])]).changes.isEmpty)
    }

    @Test func `a claim of the same name but another uid does not keep the volume`() {
        var reborn = claim()
        reborn.object.uid = "other"
        let one = volume("v", phase: "Bound", spec: ["claimRef": reference(claim())])
        #expect(reconcile(one, [reborn]).status?["status", "phase"] == "Released")
    }

    @Test func `a released volume of the provisioner goes with its directory, in this order`() throws {
        let result = reconcile(provisioned(claim(), phase: "Released"))
        try #require(result.changes.count == 4)
        #expect(result.changes[1] == .removeVolume("pvc-uid-data"))
        #expect(result.updates.first?.finalizers == [] && result.deletions == ["pvc-uid-data"])
    }

    @Test func `a volume that is retained stays, and what nobody made is not deleted`() {
        var kept = provisioned(claim(), phase: "Released")
        kept.object["spec", "persistentVolumeReclaimPolicy"] = "Retain"
        #expect(reconcile(kept).changes.isEmpty)
        let byHand = volume("v", phase: "Released", spec: ["claimRef": reference(claim()), "persistentVolumeReclaimPolicy": "Delete"])
        #expect(reconcile(byHand).deletions.isEmpty && reconcile(byHand).status?["status", "phase"] == "Failed")
        let recycled = volume("v", phase: "Released", spec: ["claimRef": reference(claim()), "persistentVolumeReclaimPolicy": "Recycle"])
        #expect(reconcile(recycled).events == ["VolumeFailedRecycle: No recycler plugin found for the volume!"])
    }

    @Test(arguments: ["/var/lib/kdash/volumes/other", "/etc", "/var/lib/kdash/volumes/../images"])
    func `a volume that only says it is the provisioner's has nothing removed`(path: String) {
        var trap = provisioned(claim(), phase: "Released")
        trap.object["spec", "local", "path"] = .string(path)
        let result = reconcile(trap)
        #expect(result.deletions.isEmpty && !result.changes.contains(.removeVolume(trap.name)))
        #expect(result.status?["status", "phase"] == "Failed")
    }

    @Test func `a volume that could not be removed says why, and is tried again`() {
        var caches = FixedCaches()
        let one = provisioned(claim(), phase: "Released")
        caches.add(one)
        let key = ObjectName(PersistentVolume.resource, one.object)
        let told = VolumeBinder().report([VolumeStorage.Failure("disk is gone").status], of: key, caches, now: start)
        #expect(told.events == ["VolumeFailedDelete: disk is gone"] && told.status?["status", "phase"] == "Failed")
        #expect(VolumeBinder().report([.conflict(GroupResource(group: "", resource: "x"), "y", "z")], of: key, caches, now: start).changes.isEmpty)
        #expect(reconcile(provisioned(claim(), phase: "Failed")).deletions == [one.name])
    }

    @Test func `a volume of a claim that found another is given back, or goes when it was made for it`() {
        let elsewhere = claim(spec: ["volumeName": "other"])
        var one = volume("v", phase: "Bound", spec: ["claimRef": reference(claim())])
        #expect(reconcile(one, [elsewhere]).updates.first?["spec", "claimRef", "uid"] == nil)
        #expect(reconcile(one, [elsewhere]).updates.first?["spec", "claimRef", "name"] == "data")
        one.object.annotations = [Annotation.boundByController: "yes"]
        #expect(reconcile(one, [elsewhere]).updates.first?["spec", "claimRef"] == nil)
        #expect(reconcile(provisioned(claim(), phase: "Released"), [elsewhere]).deletions == ["pvc-uid-data"])
    }

    @Test func `a free volume is available, also one that is kept for a claim to come`() {
        #expect(reconcile(volume("v", phase: "Pending")).status?["status", "phase"] == "Available")
        #expect(reconcile(volume("v", phase: "Pending", spec: ["claimRef": reference(claim(), uid: "")])).status?["status", "phase"] == "Available")
        #expect(reconcile(volume("v")).changes.isEmpty)
    }
}

struct ClaimGrowthTests {
    private func reconcile(_ claim: PersistentVolumeClaim, _ volume: PersistentVolume) -> Reconciliation {
        var caches = FixedCaches()
        caches.add(claim)
        caches.add(volume)
        return ClaimExpansion().reconcile(ObjectName(PersistentVolumeClaim.resource, claim.object), caches, now: start)
    }

    @Test func `first the volume grows, then the claim`() throws {
        var one = claim(size: "1Gi", annotations: [Annotation.bindCompleted: "yes"])
        var itsVolume = provisioned(one)
        one.object["spec", "volumeName"] = .string(itsVolume.name)
        one.object["status"] = ["phase": "Bound", "capacity": ["storage": "1Gi"]]
        #expect(reconcile(one, itsVolume).changes.isEmpty)
        one.object["spec", "resources", "requests", "storage"] = "3Gi"
        itsVolume.object = try #require(reconcile(one, itsVolume).updates.first)
        #expect(itsVolume.capacity == one.request)
        #expect(reconcile(one, itsVolume).status?["status", "capacity"] == ["storage": "3Gi"])
        itsVolume.object["spec", "claimRef", "uid"] = "other"
        #expect(reconcile(one, itsVolume).changes.isEmpty)
    }
}

struct EphemeralClaimTests {
    @Test func `a pod's ephemeral volume gets a claim that goes with the pod`() throws {
        var one = pod("web")
        one.object["spec", "volumes"] = [
            ["name": "scratch", "ephemeral": ["volumeClaimTemplate": ["metadata": ["labels": ["a": "b"]], "spec": claim().object["spec"] ?? .null]]]
        ]
        var caches = FixedCaches()
        caches.add(one)
        let key = ObjectName(Pod.resource, one.object)
        let made = try #require(EphemeralClaims().reconcile(key, caches, now: start).creations.first)
        #expect(made.name == "web-scratch" && made.labels == ["a": "b"] && made.controllerRef?.uid == one.uid && made["spec"] == claim().object["spec"])
        caches.add(PersistentVolumeClaim(made))
        #expect(EphemeralClaims().reconcile(key, caches, now: start).changes.isEmpty)
        caches.objects.removeLast()
        caches.add(claim("web-scratch"))
        #expect(EphemeralClaims().reconcile(key, caches, now: start).events.first?.hasPrefix("ConflictingPVC") == true)
    }
}
