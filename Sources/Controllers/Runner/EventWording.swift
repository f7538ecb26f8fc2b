import APIMachinery
import KubeSchemas

/// What the events about made and deleted objects say, in the words of each of Kubernetes' controllers.
enum EventWording {
    /// An object was made.
    static func created(_ object: KubeObject, by reporter: KubeObject) -> String {
        switch reporter.kind {
        case "StatefulSet": "create \(noun(object.kind)) \(object.name) in StatefulSet \(reporter.name) successful"
        case "CronJob": "Created job \(object.name)"
        default: "Created pod: \(object.name)"
        }
    }

    /// An object could not be made.
    static func refused(_ object: KubeObject, by reporter: KubeObject, why: String) -> String {
        switch reporter.kind {
        case "StatefulSet": "create \(noun(object.kind)) \(object.name) in StatefulSet \(reporter.name) failed error: \(why)"
        case "CronJob": "Error creating job: \(why)"
        default: "Error creating: \(why)"
        }
    }

    /// An object was deleted.
    static func deleted(_ name: ObjectName, by reporter: KubeObject) -> String {
        switch reporter.kind {
        case "StatefulSet": "delete Pod \(name.name) in StatefulSet \(reporter.name) successful"
        case "CronJob": "Deleted job \(name.name)"
        default: "Deleted pod: \(name.name)"
        }
    }

    private static func noun(_ kind: String) -> String { kind == "PersistentVolumeClaim" ? "Claim" : kind }
}
