import APIMachinery
import JSONCore
import LinuxKernel

extension TableLayout {
    static let persistentVolume = TableLayout(
        "Name", "Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim", "StorageClass", "VolumeAttributesClass", "Reason", "Age",
        "wide:VolumeMode"
    ) { object, now in
        let claim = object["spec", "claimRef"]
        let owner = claim.map { "\($0["namespace"]?.stringValue ?? "")/\($0["name"]?.stringValue ?? "")" }
        return [
            .string(object.name), .text(object.string("spec", "capacity", "storage")), .string(accessModes(object["spec", "accessModes"])),
            .text(object.string("spec", "persistentVolumeReclaimPolicy")), .string(phase(object)), .text(owner),
            .string(storageClass(object)), .orUnset(object.string("spec", "volumeAttributesClassName")),
            .text(object.string("status", "reason")), .age(object, now), .orUnset(object.string("spec", "volumeMode")),
        ]
    }

    static let persistentVolumeClaim = TableLayout(
        "Name", "Status", "Volume", "Capacity", "Access Modes", "StorageClass", "VolumeAttributesClass", "Age", "wide:VolumeMode"
    ) { object, now in
        let volume = object.string("spec", "volumeName") ?? ""
        let isBound = !volume.isEmpty
        return [
            .string(object.name), .string(phase(object)), .string(volume),
            .text(isBound ? object.string("status", "capacity", "storage") : nil),
            .string(isBound ? accessModes(object["status", "accessModes"]) : ""), .string(storageClass(object)),
            .orUnset(object.string("spec", "volumeAttributesClassName")), .age(object, now), .orUnset(object.string("spec", "volumeMode")),
        ]
    }

    static let storageClass = TableLayout(
        "Name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"
    ) { object, now in
        let isDefault = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
            .contains { object.annotations[$0] == "true" }
        return [
            .string(isDefault ? "\(object.name) (default)" : object.name), .text(object.string("provisioner")),
            .string(object.string("reclaimPolicy") ?? "Delete"), .orUnset(object.string("volumeBindingMode")),
            .bool(object.bool("allowVolumeExpansion") ?? false), .age(object, now),
        ]
    }

    static let volumeAttributesClass = TableLayout("Name", "DriverName", "Age") { object, now in
        [.string(object.name), .text(object.string("driverName")), .age(object, now)]
    }

    static let volumeAttachment = TableLayout("Name", "name:Attacher", "PV", "Node", "boolean:Attached", "Age") { object, now in
        [
            .string(object.name), .text(object.string("spec", "attacher")),
            .text(object.string("spec", "source", "persistentVolumeName")), .text(object.string("spec", "nodeName")),
            .bool(object.bool("status", "attached") ?? false), .age(object, now),
        ]
    }

    static let csiDriver = TableLayout(
        "Name", "boolean:AttachRequired", "boolean:PodInfoOnMount", "boolean:StorageCapacity", "TokenRequests",
        "boolean:RequiresRepublish", "Modes", "Age"
    ) { object, now in
        let audiences = object.array("spec", "tokenRequests").map { $0["audience"]?.stringValue ?? "" }
        let modes = object.array("spec", "volumeLifecycleModes").compactMap(\.stringValue)
        return [
            .string(object.name), .bool(object.bool("spec", "attachRequired") ?? true), .bool(object.bool("spec", "podInfoOnMount") ?? false),
            .bool(object.bool("spec", "storageCapacity") ?? false), .orUnset(audiences.isEmpty ? nil : audiences.joined(separator: ",")),
            .bool(object.bool("spec", "requiresRepublish") ?? false), .orNone(modes.joined(separator: ",")), .age(object, now),
        ]
    }

    static let csiNode = TableLayout("Name", "number:Drivers", "Age") { object, now in
        [.string(object.name), .number(object.array("spec", "drivers").count), .age(object, now)]
    }

    static let csiStorageCapacity = TableLayout("Name", "StorageClassName", "Capacity") { object, _ in
        [.string(object.name), .text(object.string("storageClassName")), .orUnset(object.string("capacity"))]
    }

    private static func phase(_ object: KubeObject) -> String {
        object.isBeingDeleted ? "Terminating" : object.string("status", "phase") ?? ""
    }

    private static func storageClass(_ object: KubeObject) -> String {
        object.annotations["volume.beta.kubernetes.io/storage-class"] ?? object.string("spec", "storageClassName") ?? ""
    }

    /// `RWO,ROX`, each once and in this order.
    private static func accessModes(_ value: JSONValue?) -> String {
        let modes = (value?.arrayValue ?? []).compactMap(\.stringValue)
        return [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")]
            .filter { modes.contains($0.0) }.map(\.1).joined(separator: ",")
    }
}
